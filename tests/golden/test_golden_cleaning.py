"""Cleaning against tables that people can read; cleaning/README.md says how."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from insight.tables import EVENTS, QUARANTINE, RAW_EVENTS, RAW_ITEMS, RETURNS, Table
from tests.events.deliveries import clean, delivered, land
from tests.golden.golden_files import cases_in, comparable, rows_in
from tests.memory_lake import MemoryLake

FOLDER = Path(__file__).parent / "cleaning"
CASES = cases_in(FOLDER)
NIGHT = date(2024, 3, 12)


def _rows(case: str, name: str, table: Table) -> list[dict[str, Any]]:
    return rows_in(FOLDER / case / name, table)


@pytest.fixture(scope="module")
def lake(spark: SparkSession) -> MemoryLake:
    """All cases, cleaned in one night; a row's source is the case's name."""
    events: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    for case in CASES:
        for rows, name, table in ((events, "events", RAW_EVENTS), (items, "items", RAW_ITEMS)):
            for row in _rows(case, f"input/{name}.csv", table):
                rows.extend(delivered(row["file_date"], [{**row, "source": case}]))
    lake = MemoryLake(spark)
    land(lake, NIGHT, events=events, items=items)
    clean(lake, NIGHT, **yaml.safe_load((FOLDER / "settings.yml").read_text()))
    return lake


def _found(lake: MemoryLake, case: str, table: Table) -> list[dict[str, Any]]:
    rows = [row.asDict() for row in lake.rows[table.name]]
    if table is QUARANTINE:
        rows = [{**row, "event_id": json.loads(row["payload"])["event_id"]} for row in rows]
    if table is RETURNS:
        sources = {row["event_id"]: row["source"] for row in lake.rows[EVENTS.name]}
        rows = [{**row, "source": sources[row["return_event_id"]]} for row in rows]
    return [row for row in rows if row["source"] == case]


def test_no_two_cases_share_a_customer_an_item_or_an_id() -> None:
    seen: dict[tuple[str, str], str] = {}
    for case in CASES:
        for row in _rows(case, "input/events.csv", RAW_EVENTS):
            for name in ("event_id", "customer_id", "item_id"):
                if row.get(name):
                    assert seen.setdefault((name, row[name]), case) == case


def _compared() -> Iterator[Any]:
    for case in CASES:
        for table in (EVENTS, QUARANTINE, RETURNS):
            if table is QUARANTINE or (FOLDER / case / f"expected/{table.name}.csv").is_file():
                yield pytest.param(case, table, id=f"{case}-{table.name}")


@pytest.mark.parametrize(("case", "table"), _compared())
def test_what_is_left_of_a_case_is_what_was_worked_out(
    lake: MemoryLake, case: str, table: Table
) -> None:
    expected = _rows(case, f"expected/{table.name}.csv", table)
    names = list(expected[0]) if expected else ["event_id"]
    found = _found(lake, case, table)
    assert comparable(found, names) == comparable(expected, names)
