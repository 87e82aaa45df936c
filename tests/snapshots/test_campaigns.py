"""What was known of campaigns before the one that is asked about."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.snapshots.campaigns import per_showing, with_campaign_context
from tests.frames import at, events, exposures, on_time

SHOWN = date(2024, 3, 11)
BEFORE = SHOWN - timedelta(days=1)
SHOWING = (
    "customer_id string, campaign_id string, kind string, feature_date date, known_on date, "
    "closes_on date, answered_on date"
)


def _shown(customer: str, **changes: Any) -> dict[str, Any]:
    told = {"exposed_at": at("2024-03-11 00:00"), "ends_at": at("2024-04-01 00:00")}
    return {"customer_id": customer, "channel": "mail", "category": "A", **told, **changes}


def _answer(customer: str, when: str, campaign: str = "spring") -> dict[str, Any]:
    return {
        "event_at": at(when),
        "event_type": "campaign_click",
        "customer_id": customer,
        "item_id": None,
        "campaign_id": campaign,
    }


def test_an_answer_counts_within_its_days_and_before_the_campaign_ends(
    spark: SparkSession,
) -> None:
    short = {"campaign_id": "short", "ends_at": at("2024-03-13 00:00"), "channel": None}
    sooner = {"ends_at": at("2024-03-13 00:00"), "channel": None}
    again = {"exposed_at": at("2024-03-12 00:00"), "channel": "web"}
    shown = exposures(
        spark,
        _shown("first"),
        _shown("first", **again),
        # What the first showing tells counts, and of two at one moment the end that is told.
        _shown("moved", **sooner),
        _shown("moved", **again),
        _shown("moved", ends_at=None),
        _shown("last"),
        _shown("late"),
        _shown("other"),
        _shown("early", **short),
        _shown("over", **short),
    )
    rows = events(
        spark,
        _answer("first", "2024-03-11 00:00"),
        _answer("first", "2024-03-12 00:00"),
        _answer("last", "2024-03-17 23:59"),
        _answer("moved", "2024-03-14 09:00"),
        _answer("late", "2024-03-18 00:00"),
        _answer("other", "2024-03-12 00:00", "summer"),
        _answer("early", "2024-03-10 23:59", "short"),
        _answer("over", "2024-03-13 00:00", "short"),
        {"customer_id": "other", "event_at": at("2024-03-12 09:00")},
    )
    mail, week = ("spring", "mail/A", BEFORE, SHOWN), BEFORE + timedelta(days=7)
    end = date(2024, 3, 13)
    expected = local_frame(
        spark,
        [
            ("first", *mail, week, SHOWN),
            ("last", *mail, week, week),
            ("late", *mail, week, None),
            ("other", *mail, week, None),
            ("moved", "spring", "A", BEFORE, SHOWN, end, None),
            ("early", "short", "A", BEFORE, SHOWN, end, None),
            ("over", "short", "A", BEFORE, SHOWN, end, None),
        ],
        SHOWING,
    )
    actual = per_showing(on_time(shown), on_time(rows), answer_days=7)
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


@pytest.fixture(scope="module")
def showings(spark: SparkSession) -> DataFrame:
    """Of mail A two closed with one answer, of mail B one is open; Anna answered both she saw."""
    past, later = BEFORE - timedelta(days=20), BEFORE + timedelta(days=1)
    closed = BEFORE - timedelta(days=1)
    return local_frame(
        spark,
        [
            ("anna", "winter", "A", past, past, closed, past + timedelta(days=3)),
            ("ben", "winter", "A", past, past, closed, None),
            ("anna", "open", "B", closed, closed, later, BEFORE),
            ("ben", "open", "B", closed, closed, later, later),
            ("anna", "spring", "A", BEFORE, later, later, later),
        ],
        SHOWING,
    )


def _context(spark: SparkSession, showings: DataFrame, customer: str, kind: str) -> list[float]:
    asked = local_frame(
        spark, [(customer, kind, BEFORE)], "customer_id string, kind string, feature_date date"
    )
    row = with_campaign_context(asked, showings).first()
    assert row is not None
    return list(row["campaign_context"])


def _log_odds(share: float) -> float:
    return float(np.log(share / (1 - share)))


def test_the_context_is_worked_out_by_hand(spark: SparkSession, showings: DataFrame) -> None:
    # One answer of two closed showings, and a first guess of one in twenty for twenty more.
    overall = (1 + 0.05 * 20) / (2 + 20)
    of_a = (1 + overall * 20) / (2 + 20)
    anna = [_log_odds(of_a), np.log(3), np.log(3), _log_odds((2 + overall * 2) / (2 + 2))]
    assert _context(spark, showings, "anna", "A") == pytest.approx(anna, rel=1e-5)
    # Ben's answer of tomorrow is not known, nor whether kind B answers; Carl is new.
    ben = [_log_odds(overall), np.log(3), 0.0, _log_odds(overall * 2 / (2 + 2))]
    assert _context(spark, showings, "ben", "B") == pytest.approx(ben, rel=1e-5)
    carl = [_log_odds(overall), 0.0, 0.0, _log_odds(overall)]
    assert _context(spark, showings, "carl", "") == pytest.approx(carl, rel=1e-5)


def test_what_comes_after_the_cutoff_changes_nothing(
    spark: SparkSession, showings: DataFrame
) -> None:
    known = showings.where(showings.feature_date < BEFORE)
    for customer, kind in (("anna", "A"), ("ben", "B")):
        seen, blind = (_context(spark, each, customer, kind) for each in (showings, known))
        assert seen == blind


def test_what_is_a_year_old_is_forgotten(spark: SparkSession, showings: DataFrame) -> None:
    year = timedelta(days=365)
    long_before = BEFORE - year - timedelta(days=1)
    long_ago = local_frame(
        spark,
        [
            ("anna", "old", "A", long_before, long_before, BEFORE - year, BEFORE - year),
            # Begun before the year, closed within it: the kind remembers, the customer does not.
            ("carl", "edge", "A", long_before, long_before, BEFORE, None),
        ],
        SHOWING,
    )
    recent = _context(spark, showings, "anna", "A")
    with_old = _context(spark, showings.union(long_ago.where("campaign_id = 'old'")), "anna", "A")
    assert with_old == recent
    with_edge = _context(spark, showings.union(long_ago), "anna", "A")
    assert with_edge[0] < recent[0]
    assert with_edge[1:3] == recent[1:3]
    assert _context(spark, showings.union(long_ago), "carl", "A")[1] == 0.0


def test_what_is_delivered_late_counts_from_its_delivery(
    spark: SparkSession, showings: DataFrame
) -> None:
    yesterday, later = BEFORE - timedelta(days=1), BEFORE + timedelta(days=1)
    past = BEFORE - timedelta(days=20)
    late = local_frame(
        spark,
        [
            # Shown and closed long ago, but delivered tomorrow.
            ("anna", "late", "A", past, later, yesterday, past),
            # Answered in time, but the answer is delivered tomorrow.
            ("dora", "late", "A", past, past, yesterday, later),
        ],
        SHOWING,
    )
    without_answer = late.where("customer_id = 'dora'").withColumn(
        "answered_on", F.lit(None).cast("date")
    )
    both = showings.union(late)
    told = showings.union(without_answer)
    assert _context(spark, both, "anna", "A") == _context(spark, told, "anna", "A")
    assert _context(spark, both, "anna", "A") != _context(spark, showings, "anna", "A")


def test_a_late_answer_is_dated_by_its_delivery_and_the_first_known_showing_counts(
    spark: SparkSession,
) -> None:
    late = date(2024, 3, 14)
    shown = exposures(
        spark,
        _shown("anna", exposed_at=at("2024-03-12 00:00"), channel="web"),
        _shown("anna", delivered_on=late),
    )
    rows = events(spark, {**_answer("anna", "2024-03-13 09:00"), "delivered_on": late})
    (row,) = per_showing(on_time(shown), on_time(rows), answer_days=7).collect()
    second = date(2024, 3, 12)
    found = (row["kind"], row["feature_date"], row["known_on"], row["answered_on"])
    assert found == ("web/A", SHOWN, second, late)


def test_without_any_campaign_before_the_guess_is_one_in_twenty(
    spark: SparkSession, showings: DataFrame
) -> None:
    nothing = showings.where("false")
    expected = [_log_odds(0.05), 0.0, 0.0, _log_odds(0.05)]
    assert _context(spark, nothing, "anna", "A") == pytest.approx(expected, rel=1e-5)
