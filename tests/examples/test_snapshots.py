"""Snapshots of the past know nothing of the future, and one that does is caught."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.errors import LeakageError
from insight.examples import snapshots
from insight.examples.snapshots import Known, refuse_peeking
from insight.snapshots.customers import per_customer_features
from insight.tables import CUSTOMERS
from tests.frames import DAY, at, customer_days, events, frame, items


@pytest.fixture(scope="module")
def known(spark: SparkSession) -> Known:
    """Anna and Ben up to a day, and Ben after it."""
    days = customer_days(
        spark,
        {"event_date": DAY, "order_count": 1, "amount_cents": 200, "event_count": 1},
        {"event_date": DAY, "customer_id": "ben", "view_count": 2, "event_count": 2},
        {"event_date": DAY + timedelta(days=3), "customer_id": "ben", "order_count": 5},
    )
    rows = events(
        spark,
        {"event_at": at("2024-03-10 09:00")},
        {"event_at": at("2024-03-10 09:00"), "customer_id": "ben", "event_type": "view"},
        {"event_at": at("2024-03-13 09:00"), "customer_id": "ben", "item_id": "cup"},
    )
    catalogue = items(spark, ("tea", "drinks"), ("cup", "china"))
    return Known(days, rows, catalogue, frame(spark, CUSTOMERS))


def test_features_bounded_by_their_date_pass(known: Known) -> None:
    refuse_peeking(known, as_of=DAY, length=4)


def test_a_planted_feature_that_peeks_is_caught_and_named(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(daily: DataFrame, *, as_of: Iterable[date]) -> DataFrame:
        """Orders of all time where those of the last week are promised."""
        ever = daily.groupBy("customer_id").agg(F.sum("order_count").alias("ever"))
        honest = per_customer_features(daily, as_of=as_of)
        return honest.join(ever, on="customer_id", how="left").withColumn(
            "orders_7d", F.col("ever")
        )

    monkeypatch.setattr(snapshots, "per_customer_features", peeking)
    with pytest.raises(LeakageError, match=r"orders_7d \(1 customers\)") as refused:
        refuse_peeking(known, as_of=DAY, length=4)
    assert refused.value.exit_code == 2
    assert "amount_cents" not in refused.value.found


def test_the_sample_is_part_of_the_customers_and_the_same_each_time(
    spark: SparkSession, known: Known
) -> None:
    many = customer_days(spark, *({"customer_id": f"c{n}", "event_date": DAY} for n in range(200)))
    crowd = Known(many, known.events, known.items, known.customers)
    drawn = [
        {row["customer_id"] for row in crowd.sampled(share=0.25).customer_daily.collect()}
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]
    assert 25 <= len(drawn[0]) <= 75
