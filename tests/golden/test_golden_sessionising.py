"""Sessionising against tables that people can read; sessionising/README.md says how."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyspark.sql import SparkSession

from insight.sessions.stage import SESSIONISE
from insight.tables import CUSTOMER_DAILY, EVENTS, SESSIONS, Table
from tests.frames import events
from tests.golden.golden_files import cases_in, comparable, rows_in
from tests.memory_lake import MemoryLake

FOLDER = Path(__file__).parent / "sessionising"
CASES = cases_in(FOLDER)


def _settings(case: str) -> dict[str, Any]:
    path = FOLDER / case / "settings.yml"
    given = yaml.safe_load(path.read_text()) if path.is_file() else {}
    return {f"sessions.{name}": value for name, value in given.items()}


def _input(case: str) -> list[dict[str, Any]]:
    return rows_in(FOLDER / case / "input/events.csv", EVENTS)


@pytest.fixture(scope="module")
def lakes(spark: SparkSession) -> dict[str, MemoryLake]:
    """Each case's lake after its nights; cases with equal settings share one."""
    made: dict[str, MemoryLake] = {}
    for case in CASES:
        settings = _settings(case)
        alike = [other for other in CASES if _settings(other) == settings]
        made[case] = made[alike[0]] if alike[0] in made else _after(spark, alike, settings)
    return made


def _after(spark: SparkSession, cases: list[str], settings: dict[str, Any]) -> MemoryLake:
    rows = [row for case in cases for row in _input(case)]
    lake = MemoryLake(spark)
    for night in sorted({row["ingest_date"] for row in rows}):
        _read_and_sessionise(lake, night, rows, settings)
    return lake


def _read_and_sessionise(
    lake: MemoryLake, night: date, rows: list[dict[str, Any]], settings: dict[str, Any]
) -> None:
    tonight = events(lake.spark, *(row for row in rows if row["ingest_date"] == night))
    run = lake.run_for(night, **settings)
    lake.publish(tonight, EVENTS, where=f"ingest_date = '{night}'")
    SESSIONISE.work(run)


def test_no_two_cases_share_a_customer() -> None:
    seen = [{row["customer_id"] for row in _input(case)} for case in CASES]
    assert len(set().union(*seen)) == sum(map(len, seen))


@pytest.mark.parametrize("table", [SESSIONS, CUSTOMER_DAILY], ids=lambda table: table.name)
@pytest.mark.parametrize("case", CASES)
def test_the_visits_of_a_case_are_those_that_were_worked_out(
    lakes: dict[str, MemoryLake], case: str, table: Table
) -> None:
    expected = rows_in(FOLDER / case / f"expected/{table.name}.csv", table)
    customers = {row["customer_id"] for row in _input(case)}
    everybody = [row.asDict() for row in lakes[case].rows[table.name]]
    found = [row for row in everybody if row["customer_id"] in customers]
    names = list(expected[0])
    assert comparable(found, names) == comparable(expected, names)
