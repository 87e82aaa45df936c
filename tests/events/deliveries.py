"""Deliveries to a lake without files, and the cleaning of them."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from insight.events.stage import CLEAN
from insight.tables import (
    RAW_CUSTOMERS,
    RAW_EVENTS,
    RAW_EXPOSURES,
    RAW_FEEDBACK,
    RAW_ITEMS,
    Table,
)
from tests.frames import frame, raw_events, with_utc_bounds
from tests.memory_lake import MemoryLake

Rows = Iterable[dict[str, Any]]


def delivered(day: date, rows: Rows) -> list[dict[str, Any]]:
    """Raw rows as a day's file brings them; whatever night reads it."""
    file = {"file_date": day, "covers_from": day, "source": "shop", "source_file": f"{day}.csv"}
    return [{**file, **row} for row in rows]


def land(lake: MemoryLake, night: date, *, events: Rows = (), **others: Rows) -> None:
    """What ingest leaves of a night: rows of ``items``, ``customers``, ``feedback``..., by name."""
    where = f"ingest_date = '{night}'"
    read = {"ingest_date": night, "key_id": "key"}
    raw = raw_events(lake.spark, *({**row, **read} for row in events))
    lake.publish(raw, RAW_EVENTS, where=where)
    for table in (RAW_CUSTOMERS, RAW_ITEMS, RAW_FEEDBACK, RAW_EXPOSURES):
        rows = others.get(table.name.removeprefix("raw_"), ())
        full = (with_utc_bounds({"absent_is_removed": False, **row, **read}) for row in rows)
        lake.publish(frame(lake.spark, table, *full), table, where=where)


def clean(lake: MemoryLake, night: date, **overrides: Any) -> None:
    """The stage, by itself; settings of cleaning by name."""
    run = lake.run_for(night, **{f"clean.{name}": value for name, value in overrides.items()})
    # Adapting a plan to its sizes makes a job of each step of it: most of the time, for few rows.
    lake.spark.conf.set("spark.sql.adaptive.enabled", "false")
    try:
        CLEAN.work(run)
    finally:
        lake.spark.conf.set("spark.sql.adaptive.enabled", "true")


def content(lake: MemoryLake, table: Table, *without: str) -> list[tuple[Any, ...]]:
    """A table's rows in one order, without the columns named."""
    names = [name for name in table.column_names if name not in without]
    return sorted(
        (tuple(row[name] for name in names) for row in lake.rows.get(table.name, ())), key=repr
    )
