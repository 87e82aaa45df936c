"""The sieve before repeats: it may let strangers through, but never misses a pair."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from insight.events.repeats import (
    COMPARED,
    per_suspect_value,
    with_suspicion,
    without_ids,
)
from tests.frames import at, events, in_batches, raw_events

EDGE = at("2024-03-10 00:00")
"""Midnight, and the edge of a bucket."""


def _suspects(rows: DataFrame, values: DataFrame, seconds: float) -> set[str]:
    marked = with_suspicion(rows, values, seconds=seconds)
    assert marked.columns == [*rows.columns, "is_suspect"]
    found = marked.select("event_id", "is_suspect").collect()
    assert all(row["is_suspect"] is not None for row in found)
    return {row["event_id"] for row in found if row["is_suspect"]}


def test_rows_without_a_partner_do_not_pass(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        {"event_at": EDGE},
        {"event_at": EDGE + timedelta(seconds=60)},
        {"event_at": EDGE, "item_id": "cup"},
        {"event_at": EDGE, "customer_id": None},
        {"event_at": EDGE, "customer_id": None},
        {"event_at": None},
        {"event_at": None},
        {"event_at": EDGE, "item_id": "pot", "event_id": "twice"},
        {"event_at": None, "customer_id": None, "event_id": "twice"},
    )
    values = per_suspect_value(rows, seconds=1.0)
    assert _suspects(rows, values, 1.0) == {"twice"}


def test_guests_are_suspects_by_their_order_in_one_shop(spark: SparkSession) -> None:
    guest = {"event_at": EDGE, "customer_id": None, "order_id": "7"}
    rows = raw_events(
        spark,
        guest,
        {**guest, "event_at": EDGE - timedelta(seconds=1)},
        {**guest, "source": "another shop"},
        {**guest, "order_id": "8"},
        {**guest, "order_id": " "},
        {**guest, "order_id": " "},
    )
    values = per_suspect_value(rows.select(*COMPARED), seconds=1.0)
    assert _suspects(rows, values, 1.0) == {"e0", "e1"}


def test_a_value_that_cleaning_fills_in_or_caps_does_not_hide_a_copy(spark: SparkSession) -> None:
    rows = raw_events(spark, {"event_at": EDGE, "price": None, "quantity": None})
    told = events(spark, {"event_id": "k", "event_at": EDGE - timedelta(seconds=1)})
    values = per_suspect_value(rows.select(*COMPARED).union(told.select(*COMPARED)), seconds=1.0)
    assert _suspects(rows, values, 1.0) == {"e0"}


def test_rows_are_left_out_by_the_ids_of_others(spark: SparkSession) -> None:
    rows = raw_events(spark, {"event_id": "a"}, {"event_id": "b"}, {"event_id": "c"})
    left = without_ids(rows, rows.where("event_id IN ('a', 'c')"))
    assert left.columns == rows.columns
    assert [row["event_id"] for row in left.collect()] == ["b"]


_MOMENTS = st.one_of(
    st.integers(-1_100_000, 1_100_000), st.integers(-40, 40).map(lambda n: n * 500_000)
)
_ROW = st.tuples(_MOMENTS, st.sampled_from(("tea", None)), st.integers(0, 30), st.booleans())


def _drawn(own: list[list[tuple[int, str | None, int, bool]]]) -> list[dict[str, Any]]:
    return [
        {
            "event_at": EDGE + timedelta(microseconds=micros),
            "customer_id": f"c{n}" if is_known else None,
            "item_id": item,
            "event_id": f"{n}-{number}",
            "price": float(position),
            "order_id": f"{n} {position}",
            "campaign_id": None if item else "c",
        }
        for n, rows in enumerate(own)
        for position, (micros, item, number, is_known) in enumerate(rows)
    ]


def _partners(rows: list[dict[str, Any]], others: list[dict[str, Any]], seconds: float) -> set[str]:
    """Ids of rows with a copy among the others, by the definition of a copy."""
    alike = ("customer_id", "item_id", "order_id", "campaign_id")
    return {
        row["event_id"]
        for row in rows
        for other in others
        if row is not other
        and (
            row["event_id"] == other["event_id"]
            or (
                row["customer_id"] is not None
                and all(row[name] == other[name] for name in alike)
                and abs(row["event_at"] - other["event_at"]) <= timedelta(seconds=seconds)
            )
        )
    }


@in_batches
@given(st.lists(st.lists(_ROW, max_size=6), min_size=40, max_size=40), st.sampled_from((0, 1, 2.5)))
def test_no_pair_is_missed_within_a_night_nor_with_another(
    spark: SparkSession, own: list[list[tuple[int, str | None, int, bool]]], seconds: float
) -> None:
    drawn = [{**row, "order_id": None} for row in _drawn(own)]
    fresh, told = drawn[::2], drawn[1::2]
    rows, known = raw_events(spark, *fresh), events(spark, *told)
    within = _suspects(rows, per_suspect_value(rows, seconds=seconds), seconds)
    assert _partners(fresh, fresh, seconds) <= within
    both = rows.select(*COMPARED).union(known.select(*COMPARED))
    values = per_suspect_value(both, seconds=seconds)
    assert _partners(fresh, told, seconds) <= _suspects(rows, values, seconds)
    assert _partners(told, fresh, seconds) <= _suspects(known, values, seconds)
