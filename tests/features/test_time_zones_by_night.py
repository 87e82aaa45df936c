"""Feeds whose dates end before or after midnight UTC: night by night, the same as all at once."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.features.stage import BUILD_FEATURES
from insight.sessions.stage import SESSIONISE
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    EVENTS,
    ITEM_DAILY,
    ITEM_FEATURES,
    MONEY,
    QUARANTINE,
    SESSIONS,
)
from tests.events.deliveries import clean, content, delivered, land
from tests.frames import at
from tests.memory_lake import MemoryLake

FIRST, SECOND, THIRD = NIGHTS = [date(2024, 2, day) for day in (6, 7, 8)]
SETTINGS = {"late_days": 0, "future_hours": 5}
"""No late days: the morning of a Tokyo date is the day before in UTC, and still on time."""

ZONES = {
    "new_york": {FIRST: (6, 7, "05:00"), SECOND: (7, 8, "05:00"), THIRD: (8, 9, "05:00")},
    "tokyo": {FIRST: (5, 6, "15:00"), SECOND: (6, 7, "15:00"), THIRD: (7, 8, "15:00")},
    "utc": {FIRST: (6, 7, "00:00"), SECOND: (7, 8, "00:00"), THIRD: (8, 9, "00:00")},
}
"""First and last day in UTC, and the hour, of each source's deliveries."""

BROUGHT: dict[str, dict[date, dict[str, str]]] = {
    # B happens on the evening of the first date in New York, and after midnight UTC.
    "new_york": {
        FIRST: {"A": "06 20:00", "B": "07 02:00"},
        SECOND: {"C": "07 20:00"},
        THIRD: {"D": "08 20:00"},
    },
    "tokyo": {
        FIRST: {"A": "05 16:00", "B": "06 10:00"},
        SECOND: {"C": "06 20:00", "D": "07 10:00"},
        THIRD: {"E": "07 16:00"},
    },
    # B happens after the delivery's date, within clean.future_hours.
    "utc": {
        FIRST: {"A": "06 12:00", "B": "07 03:00"},
        SECOND: {"C": "07 12:00"},
        THIRD: {"D": "08 12:00"},
    },
}
"""Items and moments in February by source, one customer each, and by delivery."""


def _delivery(day: date) -> list[dict[str, Any]]:
    rows = []
    for source, brought in BROUGHT.items():
        first, last, hour = ZONES[source][day]
        bounds = {
            "source": source,
            "covers_from_at": at(f"2024-02-{first:02} {hour}"),
            "covers_until_at": at(f"2024-02-{last:02} {hour}"),
        }
        rows += [
            {
                **bounds,
                "event_id": f"{source}-{item}",
                "customer_id": source,
                "item_id": item,
                "event_at": at(f"2024-02-{moment}"),
            }
            for item, moment in brought[day].items()
        ]
    return delivered(day, rows)


def _night(lake: MemoryLake, night: date, rows: list[dict[str, Any]]) -> None:
    land(lake, night, events=rows)
    clean(lake, night, **SETTINGS)
    run = lake.run_for(night, **{f"clean.{name}": value for name, value in SETTINGS.items()})
    for stage in (SESSIONISE, BUILD_FEATURES):
        stage.work(run)


@dataclass(frozen=True)
class Lakes:
    """The same deliveries, read night by night and all at once."""

    by_night: MemoryLake
    at_once: MemoryLake


@pytest.fixture(scope="module")
def lakes(spark: SparkSession) -> Lakes:
    by_night, at_once = MemoryLake(spark), MemoryLake(spark)
    for night in NIGHTS:
        _night(by_night, night, _delivery(night))
    _night(at_once, THIRD, [row for night in NIGHTS for row in _delivery(night)])
    return Lakes(by_night, at_once)


def test_no_event_of_a_delivery_is_refused(lakes: Lakes) -> None:
    assert lakes.by_night.rows[QUARANTINE.name] == []
    assert len(lakes.by_night.rows[EVENTS.name]) == 13


def test_sequences_by_hand(lakes: Lakes) -> None:
    rows = lakes.by_night.read(CUSTOMER_SEQUENCES).select(
        "customer_id", "feature_date", "events.item_id"
    )
    found = {(row["customer_id"], row["feature_date"]): row["item_id"] for row in rows.collect()}
    assert found == {
        ("new_york", FIRST): ["A"],
        ("new_york", SECOND): ["A", "B", "C"],
        ("new_york", THIRD): ["A", "B", "C", "D"],
        ("tokyo", FIRST): ["A", "B"],
        ("tokyo", SECOND): ["A", "B", "C", "D"],
        ("tokyo", THIRD): ["A", "B", "C", "D", "E"],
        ("utc", FIRST): ["A"],
        ("utc", SECOND): ["A", "B", "C"],
        ("utc", THIRD): ["A", "B", "C", "D"],
    }


def test_every_table_is_the_same_night_by_night_and_all_at_once(lakes: Lakes) -> None:
    for table in (EVENTS, SESSIONS, CUSTOMER_DAILY):
        nights, rebuilt = (content(lake, table, "ingest_date") for lake in _both(lakes))
        assert nights == rebuilt
        assert nights
    for table in (CUSTOMER_SEQUENCES, CUSTOMER_FEATURES, ITEM_FEATURES):
        nights, rebuilt = (
            sorted(row for row in lake.rows[table.name] if row["feature_date"] == THIRD)
            for lake in _both(lakes)
        )
        assert nights == rebuilt
        assert nights


def test_items_days_add_up_to_those_of_all_events(lakes: Lakes) -> None:
    numbers = [c.name for c in ITEM_DAILY.columns if c.type in ("bigint", MONEY)]
    nights, rebuilt = (
        lake.read(ITEM_DAILY)
        .groupBy("item_id", "event_date")
        .agg(*(F.sum(name) for name in numbers))
        .orderBy("item_id", "event_date")
        .collect()
        for lake in _both(lakes)
    )
    assert nights == rebuilt


def _both(lakes: Lakes) -> tuple[MemoryLake, MemoryLake]:
    return lakes.by_night, lakes.at_once
