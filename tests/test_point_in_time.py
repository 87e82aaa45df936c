"""What was known when."""

from datetime import date

import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from insight.local_frames import local_frame
from insight.point_in_time import (
    in_dates,
    keep_as_of,
    per_version,
    touched_dates,
    versions_as_of,
    with_neighbours,
)
from tests.frames import DAY, at, events

FIRST = date(2024, 3, 9)


def test_a_night_touches_the_dates_of_its_own_events_and_always_its_own(
    spark: SparkSession,
) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-05 10:00")},
        {"event_at": at("2024-03-05 11:00")},
        {"event_at": at("2024-03-07 10:00"), "ingest_date": FIRST},
    )
    assert touched_dates(rows, run_date=DAY) == [date(2024, 3, 5), DAY]
    assert touched_dates(rows, run_date=FIRST) == [date(2024, 3, 7), FIRST]
    assert touched_dates(rows.where("false"), run_date=DAY) == [DAY]


def test_neighbours_cross_the_end_of_february() -> None:
    assert with_neighbours([date(2024, 2, 29)], days=1) == [
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
    ]
    assert with_neighbours([], days=1) == []


@pytest.mark.parametrize(
    ("days", "predicate"),
    [
        ([], "false"),
        ([9], "(d BETWEEN DATE'2024-03-09' AND DATE'2024-03-09')"),
        (
            [12, 9, 10, 10],
            "(d BETWEEN DATE'2024-03-09' AND DATE'2024-03-10' "
            "OR d BETWEEN DATE'2024-03-12' AND DATE'2024-03-12')",
        ),
    ],
)
def test_dates_are_named_as_ranges(days: list[int], predicate: str) -> None:
    assert in_dates("d", [date(2024, 3, n) for n in days]) == predicate


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.sets(st.integers(1, 31)))
def test_ranges_hold_exactly_the_dates_given(days: set[int]) -> None:
    predicate = in_dates("d", [date(2024, 3, n) for n in days]).replace("DATE", "")
    held = {
        n
        for n in range(1, 32)
        if any(
            low <= f"'{date(2024, 3, n)}'" <= high
            for term in predicate.strip("()").split(" OR ")
            if " BETWEEN " in term
            for low, high in [term.removeprefix("d BETWEEN ").split(" AND ")]
        )
    }
    assert held == days


DESCRIBED = "item_id string, category string, known_from date, ingest_date date"
LATER = date(2024, 3, 11)


def test_an_entity_is_described_as_it_was_known_then(spark: SparkSession) -> None:
    described = local_frame(
        spark,
        [
            ("tea", "drinks", FIRST, FIRST),
            ("tea", None, DAY, DAY),
            ("cup", "china", LATER, LATER),
            ("pot", None, FIRST, FIRST),
            # A correction of the first day's file: the newer of the two, once it was read.
            ("jug", "glass", FIRST, FIRST),
            ("jug", "china", FIRST, DAY),
        ],
        DESCRIBED,
    )
    known = "item_id string, category string"
    actual = keep_as_of(described, key="item_id", as_of=FIRST)
    expected = local_frame(spark, [("tea", "drinks"), ("pot", None), ("jug", "glass")], known)
    assert_df_equality(actual, expected, ignore_row_order=True)
    actual = keep_as_of(described, key="item_id", as_of=DAY)
    expected = local_frame(spark, [("tea", None), ("pot", None), ("jug", "china")], known)
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_a_version_holds_from_a_change_on(
    spark: SparkSession,
) -> None:
    described = local_frame(
        spark,
        [
            ("tea", "drinks", FIRST, FIRST),
            # Other columns have changed, this one has not.
            ("tea", "drinks", DAY, DAY),
            ("tea", "herbs", LATER, LATER),
            ("jug", "glass", FIRST, FIRST),
            ("jug", "china", FIRST, DAY),
            ("pot", None, DAY, DAY),
        ],
        DESCRIBED,
    )
    versions = per_version(described, key="item_id", attributes=["category"])
    assert sorted(tuple(row) for row in versions.collect()) == [
        ("jug", FIRST, "china"),
        ("pot", DAY, None),
        ("tea", FIRST, "drinks"),
        ("tea", LATER, "herbs"),
    ]
    found = versions_as_of(versions, key="item_id", dates=[FIRST, LATER]).collect()
    assert {(row["item_id"], row["feature_date"]): row["category"] for row in found} == {
        ("jug", FIRST): "china",
        ("jug", LATER): "china",
        ("pot", LATER): None,
        ("tea", FIRST): "drinks",
        ("tea", LATER): "herbs",
    }
