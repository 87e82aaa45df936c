"""Row 9: one night twice, one after the other and at once."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import RunConflictError
from insight.launch import run_stages
from insight.sources.stage import INGEST
from insight.tables import CUSTOMER_FEATURES, EVENTS, SESSIONS
from tests.small_lake import content, invoice, land_invoices, open_night, run_night

DAY = "2010-12-01"


def test_fault_09_one_night_twice_in_a_row_changes_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY, number=n, item=f"I{n}") for n in range(3)])
    run_night(spark, tmp_path, DAY)
    run = open_night(spark, tmp_path, DAY)
    before = {table.name: content(run, table) for table in (EVENTS, SESSIONS, CUSTOMER_FEATURES)}
    run_night(spark, tmp_path, DAY)
    after = {table.name: content(run, table) for table in (EVENTS, SESSIONS, CUSTOMER_FEATURES)}
    assert after == before
    assert before["events"][0] == 3


def test_fault_09_one_night_twice_at_once_lets_one_win(spark: SparkSession, tmp_path: Path) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY)])
    first = open_night(spark, tmp_path, DAY)
    run_stages((INGEST,), first)
    first.lake.begin_stage()
    # The first has seen the events table (there is none) and is at work; the second is faster.
    assert first.lake.version(EVENTS) == -1
    run_night(spark, tmp_path, DAY)
    rows = open_night(spark, tmp_path, DAY).lake.read(EVENTS)
    with pytest.raises(RunConflictError) as refused:
        first.lake.publish(rows, EVENTS, where=f"event_date = '{DAY}'")
    assert refused.value.exit_code == 1
    assert "events" in refused.value.subject
    assert open_night(spark, tmp_path, DAY).lake.read(EVENTS).count() == 1
