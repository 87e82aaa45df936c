"""Three deliveries with everything that shops deliver by mistake, cleaned once for many tests."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.sessions.stage import SESSIONISE
from insight.tables import DATA_QUALITY, EVENTS, QUARANTINE, RAW_EVENTS, Table
from tests.events.deliveries import clean, delivered, land
from tests.frames import at
from tests.memory_lake import MemoryLake

SUNDAY, MONDAY, TUESDAY = date(2024, 3, 10), date(2024, 3, 11), date(2024, 3, 12)

MONTH = date(2024, 2, 20)
"""A date that Sunday's delivery is for as well, far before the others."""

POISON: dict[str, tuple[str, dict[str, Any]]] = {
    "nul in a key": ("text_not_clean", {"item_id": "te\u0000a"}),
    "ten megabytes": ("text_not_clean", {"order_id": "x" * 10_000_000}),
    "broken utf-8": ("text_not_clean", {"country": "Espa\ufffda"}),
    "price beyond money": ("price_too_large", {"price": 1e308}),
    "price below nothing": ("price_negative", {"price": -1.0}),
    "price that is no number": ("price_too_large", {"price": float("nan")}),
    "quantity beyond goods": ("quantity_too_large", {"quantity": 1e308}),
}

CLOCKS: dict[str, tuple[str, datetime]] = {
    "tomorrow": ("in_the_future", at("2024-03-11 00:00")),
    "next year": ("in_the_future", at("2025-03-10 12:00")),
    "the epoch": ("before_earliest_date", at("1970-01-01 00:00")),
    "seconds for milliseconds": ("before_earliest_date", at("1970-01-20 18:54")),
    # In the year 56160, which Spark knows and Python does not.
    "milliseconds for seconds": ("in_the_future", at("2024-03-10 12:00")),
}

COPIES: dict[str, tuple[list[dict[str, Any]], float]] = {
    "within a file": ([{"price": 3.0}, {"price": 3.0}], 3.0),
    "in two files": ([{"source_file": "b", "price": 4.0}, {"source_file": "a", "price": 5.0}], 5.0),
    "a broken one first": ([{"source_file": "a", "price": -1.0}, {"source_file": "b"}], 2.0),
}
"""Rows that share an id, and the price of the one that stays."""


class LakeWithBrokenClocks(MemoryLake):
    """Gives raw moments that no Python value holds."""

    def read(self, table: Table) -> DataFrame:
        rows = super().read(table)
        if table is not RAW_EVENTS:
            return rows
        broken = F.timestamp_seconds(F.unix_millis("event_at"))
        is_broken = F.col("event_id") == "milliseconds for seconds"
        return rows.withColumn("event_at", F.when(is_broken, broken).otherwise(F.col("event_at")))


@dataclass(frozen=True)
class DirtyNights:
    """What the lake held after each night, and why the last one stopped."""

    lake: MemoryLake
    after: dict[date, dict[str, list[Row]]]
    stopped: DataQualityError

    def rows(self, table: Table, night: date = MONDAY) -> list[Row]:
        return self.after[night][table.name]

    def kept(self, customer: str, night: date = MONDAY) -> list[Row]:
        """A customer's clean events."""
        return [row for row in self.rows(EVENTS, night) if row["customer_id"] == customer]

    def refused(self, night: date = MONDAY) -> list[tuple[str, str]]:
        """Reason and beginning of each row that the night refused."""
        refused = [row for row in self.rows(QUARANTINE, night) if row["run_date"] == night]
        return [(row["reason"], row["payload"]) for row in refused]

    def counts(self, night: date) -> dict[str, int]:
        """Rows of events by rule, of one night."""
        quality = [row for row in self.rows(DATA_QUALITY, night) if row["run_date"] == night]
        return {row["rule"]: row["row_count"] for row in quality if row["target"] == EVENTS.name}


def _sunday() -> list[dict[str, Any]]:
    rows = [*_poison(), *_of_people(520, "2024-03-10"), *_of_people(250, "2024-03-10", bot=True)]
    rows += [{"event_id": name, "event_at": moment} for name, (_, moment) in CLOCKS.items()]
    rows += [
        {"event_id": name, "order_id": name, "customer_id": "copies", **row}
        for name, (copies, _) in COPIES.items()
        for row in copies
    ]
    rows += [{"event_id": "month", "event_at": at("2024-02-25 09:00"), "covers_from": MONTH}]
    rows += [{"event_id": "on time", "customer_id": "late", "event_at": at("2024-03-10 00:10")}]
    return rows


def _monday() -> list[dict[str, Any]]:
    copy = {"event_id": "within a file", "order_id": "within a file", "price": 3.0}
    late = [
        {"event_id": f"late {days}", "event_at": at("2024-03-11 00:00") - timedelta(days=days)}
        for days in range(10)
    ]
    return [
        *_of_people(50, "2024-03-11"),
        {**copy, "customer_id": "copies", "event_at": _noon(SUNDAY)},
        *({"customer_id": "late", **row} for row in late),
        {"event_id": "milliseconds for seconds"},
    ]


def _tuesday() -> list[dict[str, Any]]:
    return [*_poison(), *_of_people(9, "2024-03-12")]


def _poison() -> list[dict[str, Any]]:
    return [{"event_id": name, **row} for name, (_, row) in POISON.items()]


def _of_people(number: int, day: str, *, bot: bool = False) -> list[dict[str, Any]]:
    """Events a minute apart, of fifty people or of one bot."""
    return [
        {
            "event_id": f"{'bot' if bot else 'human'} {n} of {day}",
            "customer_id": "bot" if bot else f"human {n % 50}",
            "event_at": at(f"{day} 00:00") + timedelta(minutes=n),
        }
        for n in range(number)
    ]


def _noon(day: date) -> datetime:
    return at(f"{day} 12:00")


def dirty_nights_on(spark: SparkSession) -> DirtyNights:
    """Clean Sunday's and Monday's deliveries, count their visits, and be stopped on Tuesday."""
    lake = LakeWithBrokenClocks(spark)
    after: dict[date, dict[str, list[Row]]] = {}
    stopped: DataQualityError | None = None
    for day, rows in ((SUNDAY, _sunday()), (MONDAY, _monday()), (TUESDAY, _tuesday())):
        land(lake, day, events=delivered(day, [{"event_at": _noon(day), **row} for row in rows]))
        try:
            # Here 200 events in a day are enough to tell a bot.
            clean(lake, day, bot_min_events=200)
            SESSIONISE.work(lake.run_for(day))
        except DataQualityError as error:
            stopped = error
        after[day] = dict(lake.rows)
    assert stopped is not None
    return DirtyNights(lake, after, stopped)
