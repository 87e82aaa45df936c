"""Night by night, with a backfill and late events between: the same as all at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from insight.features.stage import BUILD_FEATURES
from insight.sessions.stage import SESSIONISE
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    CUSTOMERS,
    EVENTS,
    ITEM_DAILY,
    ITEM_FEATURES,
    ITEMS,
    MONEY,
    SESSIONS,
    Table,
)
from tests.frames import at, events, frame, items
from tests.memory_lake import MemoryLake

SATURDAY, SUNDAY, MONDAY = date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11)
LENGTH = 4

BROUGHT: dict[date, list[dict[str, Any]]] = {
    SUNDAY: [
        {"event_at": at("2024-03-10 00:10"), "item_id": "b"},
        {"event_at": at("2024-03-10 08:00"), "item_id": "c"},
        {"event_at": at("2024-03-10 08:00"), "customer_id": "ben", "item_id": "x"},
        {"event_at": at("2024-03-10 08:00"), "customer_id": None, "item_id": "x"},
    ],
    # Its file arrived after Sunday's night; the visit at midnight goes on into Sunday.
    SATURDAY: [
        {"event_at": at("2024-03-09 23:50"), "item_id": "a", "event_type": "view"},
        {"event_at": at("2024-03-09 08:00"), "customer_id": "carl", "item_id": "y"},
    ],
    MONDAY: [
        {"event_at": at("2024-03-11 12:00"), "item_id": "d"},
        {"event_at": at("2024-03-09 10:00"), "customer_id": "ben", "item_id": "late"},
        {"event_at": at("2024-03-10 09:00"), "item_id": "late"},
    ],
}
"""Events by the night that brought them, in the order the nights are run."""


BEN = {
    "customer_id": "ben",
    "gender": "m",
    "age_band": "35-44",
    "known_from": SATURDAY,
    "ingest_date": SUNDAY,
}


@dataclass(frozen=True)
class Lakes:
    """The same events, brought night by night and all at once."""

    by_night: MemoryLake
    at_once: MemoryLake
    after_sunday: dict[str, list[Row]]
    after_backfill: dict[str, list[Row]]
    sunday_again: dict[str, list[Row]]
    sunday_after_monday: dict[str, list[Row]]


def _known(spark: SparkSession, nights: Iterable[date], ingested: date | None = None) -> DataFrame:
    rows = [
        {"event_id": f"{night}-{n}", "ingest_date": ingested or night, **row}
        for night in nights
        for n, row in enumerate(BROUGHT[night])
    ]
    return events(spark, *rows)


def _night(lake: MemoryLake, rows: DataFrame, day: date) -> dict[str, list[Row]]:
    """What ingest and clean would leave, then the stages that follow; all rows after them."""
    run = lake.run_for(day, **{"sequences.length": LENGTH})
    lake.publish(rows, EVENTS, where="true")
    lake.publish(items(lake.spark, ("b", "books"), ("d", "discs")), ITEMS, where="true")
    lake.publish(frame(lake.spark, CUSTOMERS, BEN), CUSTOMERS, where="true")
    for stage in (SESSIONISE, BUILD_FEATURES):
        stage.work(run)
    return dict(lake.rows)


@pytest.fixture(scope="module")
def lakes(spark: SparkSession) -> Lakes:
    by_night, at_once = MemoryLake(spark), MemoryLake(spark)
    after_sunday = _night(by_night, _known(spark, [SUNDAY]), SUNDAY)
    after_backfill = _night(by_night, _known(spark, [SUNDAY, SATURDAY]), SATURDAY)
    sunday_again = _night(by_night, _known(spark, [SUNDAY, SATURDAY]), SUNDAY)
    _night(by_night, _known(spark, BROUGHT), MONDAY)
    sunday_after_monday = _night(by_night, _known(spark, BROUGHT), SUNDAY)
    _night(at_once, _known(spark, BROUGHT, ingested=MONDAY), MONDAY)
    return Lakes(by_night, at_once, after_sunday, after_backfill, sunday_again, sunday_after_monday)


@pytest.mark.parametrize("table", [SESSIONS, CUSTOMER_DAILY], ids=lambda t: t.name)
def test_state_kept_night_by_night_is_the_state_of_all_events(lakes: Lakes, table: Table) -> None:
    actual, expected = (lake.read(table) for lake in (lakes.by_night, lakes.at_once))
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_items_days_add_up_to_those_of_all_events(lakes: Lakes) -> None:
    def summed(lake: MemoryLake) -> DataFrame:
        numbers = [c.name for c in ITEM_DAILY.columns if c.type in ("bigint", MONEY)]
        totals = [F.sum(name).alias(name) for name in numbers]
        return lake.read(ITEM_DAILY).groupBy("item_id", "event_date").agg(*totals)

    assert_df_equality(summed(lakes.by_night), summed(lakes.at_once), ignore_row_order=True)


@pytest.mark.parametrize(
    "table", [CUSTOMER_SEQUENCES, CUSTOMER_FEATURES, ITEM_FEATURES], ids=lambda t: t.name
)
def test_the_last_nights_snapshot_knows_backfilled_and_late_events(
    lakes: Lakes, table: Table
) -> None:
    monday = f"feature_date = '{MONDAY}'"
    actual, expected = (lake.read(table).where(monday) for lake in (lakes.by_night, lakes.at_once))
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_sequences_by_hand(lakes: Lakes) -> None:
    rows = lakes.by_night.read(CUSTOMER_SEQUENCES).where(f"feature_date = '{MONDAY}'")
    found = rows.select("customer_id", "events.item_id").collect()
    assert {row["customer_id"]: row["item_id"] for row in found} == {
        # The view of Saturday midnight is the fifth from the end, one too many.
        "anna": ["b", "c", "late", "d"],
        "ben": ["late", "x"],
        "carl": ["y"],
    }


def test_a_visit_found_at_midnight_takes_the_first_event_of_the_day_after(lakes: Lakes) -> None:
    def annas(contents: dict[str, list[Row]]) -> list[tuple[str, int]]:
        visits = [row for row in contents["sessions"] if row["customer_id"] == "anna"]
        return sorted((str(row["started_at"]), row["event_count"]) for row in visits)

    assert annas(lakes.after_sunday) == [("2024-03-10 00:10:00", 1), ("2024-03-10 08:00:00", 1)]
    assert annas(lakes.after_backfill) == [("2024-03-09 23:50:00", 2), ("2024-03-10 08:00:00", 1)]


def test_a_backfill_leaves_the_snapshots_of_later_nights_as_they_were(lakes: Lakes) -> None:
    for name in ("customer_sequences", "customer_features"):
        before, after = (
            [row for row in contents[name] if row["feature_date"] == SUNDAY]
            for contents in (lakes.after_sunday, lakes.after_backfill)
        )
        assert before == after
        assert before


@pytest.mark.parametrize("name", ["customer_sequences", "customer_features", "item_features"])
def test_an_old_night_run_again_knows_nothing_of_what_came_late(lakes: Lakes, name: str) -> None:
    before, after = (
        sorted(row for row in contents[name] if row["feature_date"] == SUNDAY)
        for contents in (lakes.sunday_again, lakes.sunday_after_monday)
    )
    assert before == after
    assert before


def test_a_backfilled_night_knows_nothing_of_later_days(lakes: Lakes) -> None:
    rows = lakes.after_backfill["customer_sequences"]
    saturday = {r["customer_id"]: r["event_count"] for r in rows if r["feature_date"] == SATURDAY}
    assert saturday == {"anna": 1, "carl": 1}


def test_a_date_run_again_long_after_keeps_nothing_of_whom_it_now_refuses(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insight.sessions.stage._RECENT_COMMITS", 1)
    lake = MemoryLake(spark)
    _night(lake, _known(spark, [SUNDAY]), SUNDAY)
    _night(lake, _known(spark, [SUNDAY, MONDAY]), MONDAY)
    # Ben's rows of Sunday have turned out a bot's; Monday's, one of Saturday, is none of them.
    sound = _known(spark, [SUNDAY, MONDAY]).where(
        f"customer_id IS NULL OR customer_id != 'ben' OR ingest_date = '{MONDAY}'"
    )
    _night(lake, sound, SUNDAY)
    bens = [row["event_date"] for row in lake.rows["customer_daily"] if row["customer_id"] == "ben"]
    assert bens == [SATURDAY]
