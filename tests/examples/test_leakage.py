"""Snapshots of the past know nothing of the future, and one that does is caught."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from structlog.testing import capture_logs

from insight.errors import LeakageError
from insight.examples import leakage, snapshots
from insight.examples.campaigns import showings_of
from insight.examples.leakage import refuse_peeking, refuse_peeking_at_campaigns
from insight.examples.snapshots import Known
from insight.local_frames import local_frame
from insight.point_in_time import EVER
from insight.settings import ExampleSettings, SessionSettings
from insight.snapshots.affinity import per_customer_affinity
from insight.snapshots.campaigns import with_campaign_context
from insight.snapshots.customers import per_customer_features
from insight.snapshots.visits import per_visit_and_day, to_customer_daily
from tests.frames import DAY, at, customer_days, events, exposures, on_time, whole

SETTINGS = ExampleSettings(campaign_days=7)
VERSIONS = "item_id string, valid_from date, category string, brand string"
NOBODY = (
    "customer_id string, valid_from date, age_band string, gender string, country string, "
    "region string"
)


@pytest.fixture(scope="module")
def known(spark: SparkSession) -> Known:
    """Anna and Ben up to a day, and both after it, when the catalogue is another, too.

    Anna answers in the end what was shown to her two days before; the next day both are shown more.
    """
    rows = events(
        spark,
        {"event_at": at("2024-03-10 09:00")},
        {"event_at": at("2024-03-10 23:50"), "event_type": "cart"},
        # What anna does with her cart after midnight, nobody knew on the day before.
        {"event_at": at("2024-03-11 00:05")},
        {"event_at": at("2024-03-10 09:00"), "customer_id": "ben", "event_type": "view"},
        {"event_at": at("2024-03-13 09:00"), "customer_id": "ben", "item_id": "cup"},
        {
            "event_at": at("2024-03-12 09:00"),
            "event_type": "campaign_click",
            "campaign_id": "winter",
        },
    )
    shown = exposures(
        spark,
        {"exposed_at": at("2024-03-08 09:00"), "campaign_id": "winter"},
        {"exposed_at": at("2024-03-11 09:00")},
        {"exposed_at": at("2024-03-11 09:00"), "customer_id": "ben"},
        {"exposed_at": at("2024-03-12 09:00"), "channel": "web"},
    )
    settings = SessionSettings()
    days = whole(to_customer_daily(per_visit_and_day(rows, settings=settings))).cache()
    catalogue = local_frame(
        spark, [("tea", EVER, "drinks", None), ("tea", date(2024, 3, 12), "herbs", None)], VERSIONS
    )
    nobody = local_frame(spark, [], NOBODY)
    return Known(days, on_time(rows), catalogue, nobody, on_time(shown), settings)


def test_features_bounded_by_their_date_pass(known: Known) -> None:
    refuse_peeking(known, as_of=DAY, length=4)


def test_state_that_was_changed_by_a_later_day_is_caught(known: Known) -> None:
    bought = F.when(F.col("customer_id") == "anna", 0).otherwise(F.col("abandoned_cart_count"))
    changed = known.customer_daily.withColumn("abandoned_cart_count", bought.cast("bigint"))
    with pytest.raises(LeakageError, match=r"cart_abandonment_share_90d \(1 rows\)"):
        refuse_peeking(replace(known, customer_daily=changed), as_of=DAY, length=4)


def test_a_description_of_a_later_day_is_caught(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(sequences: DataFrame, items: DataFrame) -> DataFrame:
        """Categories as they are now, whatever they were then."""
        newest = items.groupBy("item_id").agg(
            F.max_by(F.struct("category", "brand"), "valid_from").alias("newest")
        )
        now = newest.select("item_id", F.lit(EVER).alias("valid_from"), "newest.*")
        return per_customer_affinity(sequences, now)

    monkeypatch.setattr(snapshots, "per_customer_affinity", peeking)
    with pytest.raises(LeakageError, match=r"top_category \(2 rows\)"):
        refuse_peeking(known, as_of=DAY, length=4)


def test_a_planted_feature_that_peeks_is_caught_and_named(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(daily: DataFrame, *, as_of: Iterable[date], holds: Column) -> DataFrame:
        """Orders of all time where those of the last week are promised."""
        ever = daily.groupBy("customer_id").agg(F.sum("order_count").alias("ever"))
        honest = per_customer_features(daily, as_of=as_of, holds=holds)
        return honest.join(ever, on="customer_id", how="left").withColumn(
            "orders_7d", F.col("ever")
        )

    monkeypatch.setattr(snapshots, "per_customer_features", peeking)
    with pytest.raises(LeakageError, match=r"orders_7d \(2 rows\)") as refused:
        refuse_peeking(known, as_of=DAY, length=4)
    assert refused.value.exit_code == 2
    assert "amount" not in refused.value.found


def test_what_was_known_of_campaigns_passes(known: Known) -> None:
    refuse_peeking_at_campaigns(known, SETTINGS, cutoffs=[DAY])


def test_answers_that_came_later_are_caught(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    def peeking(asked: DataFrame, showings: DataFrame) -> DataFrame:
        """Whoever will answer is taken to have answered before."""
        hasty = F.when(F.col("answered_on").isNotNull(), F.col("feature_date"))
        return with_campaign_context(asked, showings.withColumn("answered_on", hasty))

    monkeypatch.setattr(leakage, "with_campaign_context", peeking)
    with pytest.raises(LeakageError, match=r"campaign_context \(1 rows\)") as refused:
        refuse_peeking_at_campaigns(known, SETTINGS, cutoffs=[DAY, DAY - timedelta(days=3)])
    assert refused.value.subject == f"campaigns shown after {DAY}"


def test_what_a_later_showing_tells_is_caught(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(known: Known, settings: ExampleSettings) -> DataFrame:
        """A campaign's kind as it was told last."""
        last = F.max_by(F.coalesce("channel", F.lit("")), "exposed_at").alias("kind")
        told = known.exposures.groupBy("customer_id", "campaign_id").agg(last)
        honest = showings_of(known, settings)
        return honest.drop("kind").join(told, on=["customer_id", "campaign_id"], how="inner")

    monkeypatch.setattr(leakage, "showings_of", peeking)
    with pytest.raises(LeakageError, match=r"kind \(1 rows\)"):
        refuse_peeking_at_campaigns(known, SETTINGS, cutoffs=[DAY])


def test_where_nobody_was_shown_anything_there_is_nothing_to_make_again(known: Known) -> None:
    with capture_logs() as said:
        refuse_peeking_at_campaigns(known, SETTINGS, cutoffs=[DAY - timedelta(days=9)])
    assert "none is made again" in said[-1]["event"]


def test_the_sample_is_part_of_the_customers_and_the_same_each_time(
    spark: SparkSession, known: Known
) -> None:
    many = customer_days(spark, *({"customer_id": f"c{n}", "event_date": DAY} for n in range(200)))
    shown = exposures(
        spark, *({"customer_id": f"c{n}", "exposed_at": at("2024-03-10 09:00")} for n in range(200))
    )
    crowd = replace(known, customer_daily=many, exposures=shown)
    drawn = [
        {row["customer_id"] for row in rows.collect()}
        for sample in (crowd.sampled(share=0.25), crowd.sampled(share=0.25))
        for rows in (sample.customer_daily, sample.exposures)
    ]
    assert all(each == drawn[0] for each in drawn)
    assert 25 <= len(drawn[0]) <= 75
