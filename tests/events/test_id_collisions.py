"""Rows of one id that are different events: both stay, and too many of them stop the night."""

from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from insight.errors import DataQualityError
from insight.events.identities import DIFFERS, EVENT, base_id, with_distinct_ids
from insight.events.repeats import COMPARED
from insight.tables import DATA_QUALITY, EVENTS, EXPOSURES, FEEDBACK
from tests.events.deliveries import clean, delivered, land
from tests.frames import DAY, at, events, raw_events
from tests.memory_lake import MemoryLake

EARLIER, NEXT = date(2024, 3, 9), date(2024, 3, 11)
NINE, TEN = at("2024-03-10 09:00"), at("2024-03-10 10:00")

# What the event that holds the id is, what differs in a row of the same id, and in which columns
# it is another event; None if it is the same one, as it was or corrected.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str | None]] = {
    "the same again": ({}, {}, None),
    "another price and quantity": ({}, {"price": 9.0, "quantity": 3.0}, None),
    "a customer's time corrected": ({}, {"event_at": TEN}, None),
    "a customer's order corrected": ({"order_id": "o"}, {"order_id": "p"}, None),
    "a customer named later": (
        {"customer_id": None, "order_id": "o"},
        {"customer_id": "ben", "order_id": "o"},
        None,
    ),
    "an order's customer corrected": (
        {"order_id": "o"},
        {"customer_id": "ben", "order_id": "o"},
        None,
    ),
    "a guest's order at another time": (
        {"customer_id": None, "order_id": "o"},
        {"customer_id": None, "order_id": "o", "event_at": TEN},
        None,
    ),
    "a blank around the item": ({}, {"item_id": " tea "}, None),
    "another customer": ({}, {"customer_id": "ben"}, "customer_id"),
    "another customer, order and time": (
        {"order_id": "o"},
        {"customer_id": "ben", "order_id": "p", "event_at": TEN},
        "customer_id,order_id,event_at",
    ),
    "another order at another time": (
        {"order_id": "o"},
        {"order_id": "p", "event_at": TEN},
        "order_id,event_at",
    ),
    "a guest at another time": (
        {"customer_id": None},
        {"customer_id": None, "event_at": TEN},
        "event_at",
    ),
    "two guests of one moment": (
        {"customer_id": None, "order_id": "o"},
        {"customer_id": None, "order_id": "p"},
        "order_id",
    ),
    "another line of the order that gives the id": (
        {"order_id": "o"},
        {"order_id": "o", "item_id": "cup"},
        "item_id",
    ),
    "a return under the id of its purchase": (
        {"order_id": "o"},
        {"order_id": "o", "event_type": "return"},
        "event_type",
    ),
}


def test_another_event_is_told_from_a_correction(spark: SparkSession) -> None:
    rows, known = [], []
    for name, (holder, changed, _) in CASES.items():
        first = {"event_at": NINE, **holder}
        # Once with the event that holds the id in the same night, once with it in the lake.
        rows += [{"event_id": name, "source_file": "1.csv", **first}]
        rows += [{"event_id": name, "source_file": "2.csv", "event_at": NINE, **changed}]
        known += [{"event_id": f"{name}, known", **first}]
        rows += [{"event_id": f"{name}, known", "event_at": NINE, **changed}]
    judged = raw_events(spark, *rows).selectExpr("*", "CAST(NULL AS STRING) AS reason")
    there = events(spark, *known).select(*COMPARED)
    found = with_distinct_ids(judged.repartition(3), there, EVENT, seconds=1.0)
    held = found.select(base_id("event_id").alias("base"), "event_id", DIFFERS).collect()
    assert len(held) == len(rows)
    differs = {row["base"]: row[DIFFERS] for row in held if row["event_id"] != row["base"]}
    expected = {name: columns for name, (_, _, columns) in CASES.items() if columns}
    assert differs == expected | {f"{name}, known": columns for name, columns in expected.items()}


def _counted_from_one(day: date, number: int, **changes: Any) -> list[dict[str, Any]]:
    """A day's sales with ids from 1: other customers, times and orders than any other day's."""
    sales = [
        {
            "event_id": str(n),
            "customer_id": f"{day} {n}",
            "order_id": f"{day} {n}",
            "event_at": at(f"{day} 09:{n:02}"),
            **changes,
        }
        for n in range(1, number + 1)
    ]
    return delivered(day, sales)


def _quality(lake: MemoryLake, night: date) -> dict[tuple[str, str], int]:
    rows = [row for row in lake.rows[DATA_QUALITY.name] if row["run_date"] == night]
    return {(row["target"], row["rule"]): row["row_count"] for row in rows}


_SAID = {"feedback_id": "1", "kind": "review", "feedback_text": "Good", "item_id": "tea"}
_SHOWN = {"exposure_id": "1", "campaign_id": "spring", "customer_id": "anna", "exposed_at": NINE}
FEEDBACK_ROWS = [
    {**_SAID, "customer_id": "anna", "created_at": NINE},
    {**_SAID, "customer_id": "anna", "created_at": NINE, "feedback_text": "Very good"},
    {**_SAID, "customer_id": "ben", "created_at": TEN},
]
EXPOSURE_ROWS = [_SHOWN, {**_SHOWN, "exposed_at": TEN}, {**_SHOWN, "customer_id": "ben"}]


def test_ids_that_restart_stop_the_night_and_up_to_the_share_both_rows_stay(
    spark: SparkSession,
) -> None:
    lake = MemoryLake(spark)
    # What the night before made of a file with ids from 1 to 20.
    before = _counted_from_one(DAY, 20)
    lake.publish(events(spark, *before), EVENTS, where="true")
    told = _counted_from_one(NEXT, 25)
    land(lake, NEXT, events=told)
    with pytest.raises(
        DataQualityError, match=r"source shop .*20 of 25 rows \(80\.0%\)"
    ) as stopped:
        clean(lake, NEXT)
    assert "customer_id (20), order_id (20), event_at (20)" in stopped.value.found
    assert ("row_ids: file" in stopped.value.next_step, stopped.value.exit_code) == (True, 2)
    assert _quality(lake, NEXT) == {("events", "kept"): 25, ("events", "id_collision"): 20}
    assert len(lake.rows[EVENTS.name]) == 20
    # The first delivery again, its prices corrected: nothing of it is new.
    again = _counted_from_one(DAY, 20, price=3.0, file_date=NEXT, covers_from=NEXT)
    others = {
        "feedback": delivered(NEXT, FEEDBACK_ROWS),
        "exposures": delivered(NEXT, EXPOSURE_ROWS),
    }
    land(lake, NEXT, events=[*told, *again], **others)
    clean(lake, NEXT, max_id_collision_share=0.8)
    kept = [row.asDict() for row in lake.rows[EVENTS.name]]
    assert len({row["event_id"] for row in kept}) == len(kept) == 45
    assert len({row["customer_id"] for row in kept}) == 45
    assert {row["price"] for row in kept} == {2.0}
    quality = _quality(lake, NEXT)
    assert quality["events", "repeated"] == 20
    for table in (FEEDBACK, EXPOSURES):
        ids = {row["customer_id"]: row[table.key[0]] for row in lake.rows[table.name]}
        assert set(ids) == {"anna", "ben"}
        assert "1" in ids.values() and len(set(ids.values())) == 2
        assert quality[table.name, "id_collision"] == quality[table.name, "repeated"] == 1
    # Delivered once more, an event with an id of its own is known by it.
    later = date(2024, 3, 12)
    new = {"event_at": at("2024-03-12 10:00"), "event_id": "x"}
    land(lake, later, events=[*told, *delivered(later, [new])])
    clean(lake, later)
    assert _quality(lake, later) == {("events", "kept"): 1, ("events", "repeated"): 25}
