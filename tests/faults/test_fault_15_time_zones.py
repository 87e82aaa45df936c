"""Row 15: the same clicks, told in other time zones, on the nights when clocks are put."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.sessions.stage import SESSIONISE
from insight.tables import RAW_EVENTS, SESSIONS
from tests.events.deliveries import clean, content, land
from tests.memory_lake import MemoryLake
from tests.sources.feeds import canonical, feed_with, json_file

SPRING, AUTUMN = date(2024, 3, 31), date(2024, 10, 27)
BERLIN = ZoneInfo("Europe/Berlin")

MOMENTS = {
    # From ten to two to five past three on the wall: a quarter of an hour, and then a long pause.
    SPRING: ("00:50", "01:05", "01:20", "03:00"),
    # From ten to three back to ten past two, and an hour later ten past three.
    AUTUMN: ("00:50", "01:10", "02:10"),
}
VISITS = {SPRING: [3, 1], AUTUMN: [2, 1]}
"""Events of each visit: half an hour of silence ends one."""


def _as_offset(moment: datetime) -> Any:
    return moment.astimezone(BERLIN).isoformat()


def _as_offset_of_another_shop(moment: datetime) -> Any:
    return moment.astimezone(ZoneInfo("Pacific/Auckland")).isoformat()


def _as_milliseconds(moment: datetime) -> Any:
    return int(moment.timestamp() * 1000)


def _as_wall_clock(moment: datetime) -> Any:
    return moment.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S")


def _sessions(spark: SparkSession, folder: Path, day: date, told: list[Any], **feed: Any) -> Any:
    """Rows of sessions, made of a delivery that tells the moments in its own way."""
    folder.mkdir()
    rows = [{"n": n, "at": at} for n, at in enumerate(told)]
    path = json_file(folder, *rows, name=f"{day}.json")
    mapping = {"event_id": "n", "event_type": "'view'", "customer_id": "'anna'", "item_id": "'tea'"}
    declared = feed_with(
        columns={"n": "bigint", "at": feed.pop("kind", "timestamp")},
        mapping={**mapping, "event_at": feed.pop("sql", "at")},
        **feed,
    )
    lake = MemoryLake(spark)
    land(lake, day)
    raw = canonical(spark, path, declared, day).withColumn("ingest_date", F.lit(day))
    lake.publish(raw.select(*RAW_EVENTS.column_names), RAW_EVENTS, where=f"ingest_date = '{day}'")
    clean(lake, day)
    SESSIONISE.work(lake.run_for(day))
    return content(lake, SESSIONS)


@pytest.mark.parametrize("day", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_fault_15_the_same_clicks_are_the_same_visits_in_any_zone(
    spark: SparkSession, tmp_path: Path, day: date
) -> None:
    moments = [datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=UTC) for at in MOMENTS[day]]
    millis = {"kind": "bigint", "sql": "timestamp_millis(at)"}
    told = [_as_milliseconds(moment) for moment in moments]
    expected = _sessions(spark, tmp_path / "millis", day, told, **millis)
    count = SESSIONS.column_names.index("event_count")
    started = SESSIONS.column_names.index("started_at")
    in_order = sorted(expected, key=lambda row: row[started])
    assert [row[count] for row in in_order] == VISITS[day]
    ways: dict[str, Any] = {"offset": _as_offset, "far": _as_offset_of_another_shop}
    for name, way in ways.items():
        told = [way(moment) for moment in moments]
        assert _sessions(spark, tmp_path / name, day, told) == expected
    if day == SPRING:
        # In autumn an hour of the wall clock happens twice, and nobody can tell which is meant.
        told = [_as_wall_clock(moment) for moment in moments]
        zone = {"time_zone": BERLIN.key}
        assert _sessions(spark, tmp_path / "wall", day, told, **zone) == expected
