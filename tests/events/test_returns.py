"""Returns and the purchases they undo."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from insight.events.returns import per_return
from insight.tables import RETURNS
from tests.frames import DAY, at, events, frame

NOON = at("2024-03-10 12:00")


def _returned(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    full = [
        {"event_at": NOON, "event_type": "return", "event_id": f"r{n}"} for n in range(len(rows))
    ]
    return events(spark, *({**given, **row} for given, row in zip(full, rows, strict=True)))


def _bought(spark: SparkSession, *rows: tuple[str, float, dict[str, Any]]) -> DataFrame:
    """Purchases by id and days before the return."""
    return events(
        spark,
        *(
            {"event_id": name, "event_at": NOON - timedelta(days=days), **changes}
            for name, days, changes in rows
        ),
    )


def test_a_return_undoes_the_customers_newest_purchase_of_the_item_before_it(
    spark: SparkSession,
) -> None:
    cases: dict[str, tuple[list[tuple[str, float, dict[str, Any]]], str | None]] = {
        "newest of three": ([("a", 3, {}), ("b", 1, {}), ("c", 2, {})], "b"),
        "one after it is none": ([("d", 1, {}), ("e", -0.00001, {})], "d"),
        "one at its moment": ([("f", 0, {}), ("g", 1, {})], "f"),
        "thirty days are in reach": ([("h", 30, {})], "h"),
        "a moment more is not": ([("i", 30.00001, {})], None),
        "another item": ([("j", 1, {"item_id": "cup"})], None),
        # It was not known when the return was delivered.
        "delivered later": ([("k", 2, {}), ("l", 1, {"file_date": date(2024, 3, 11)})], "k"),
        "delivered before": ([("m", 1, {"file_date": date(2024, 3, 9)})], "m"),
        "of two at one moment the greater id": ([("n", 1, {}), ("o", 1, {})], "o"),
        "nothing bought": ([], None),
    }
    returned = _returned(spark, *({"customer_id": name} for name in cases))
    bought = [
        (event, days, {"customer_id": name, **changes})
        for name, (own, _) in cases.items()
        for event, days, changes in own
    ]
    rows = per_return(returned, _bought(spark, *bought), days=30).collect()
    assert len(rows) == len(cases)
    found = {row["customer_id"]: row["purchase_event_id"] for row in rows}
    assert found == {name: expected for name, (_, expected) in cases.items()}


def test_a_return_says_what_came_back_and_after_how_long(spark: SparkSession) -> None:
    returned = _returned(
        spark,
        {"quantity": 2.5, "amount": Decimal(5)},
        # A guest may have bought it, but nobody knows.
        {"customer_id": None},
        # Two returns of one purchase.
        {"event_at": NOON + timedelta(seconds=1, milliseconds=600)},
    )
    bought = _bought(
        spark, ("p", 1, {"order_id": "o", "quantity": 9.0}), ("guest", 1, {"customer_id": None})
    )
    actual = per_return(returned, bought, days=30)
    row = {
        "item_id": "tea",
        "event_date": DAY,
        "ingest_date": DAY,
        "amount": Decimal(2),
        "units": 1.0,
    }
    found = {"customer_id": "anna", "purchase_event_id": "p", "seconds_to_return": 86_400}
    expected = frame(
        spark,
        RETURNS,
        {**row, **found, "return_event_id": "r0", "units": 2.5, "amount": Decimal(5)},
        {**row, "return_event_id": "r1"},
        {**row, **found, "return_event_id": "r2", "seconds_to_return": 86_401},
    )
    assert actual.columns == RETURNS.column_names
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)
