"""Nights before and after maintenance: the same rows, read at the cost of a single night."""

from pathlib import Path

from pyspark.sql import SparkSession

from insight.launch import run_stages
from insight.maintenance.stage import MAINTAIN
from insight.stages import Run
from insight.tables import (
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    EVENTS,
    ITEM_FEATURES,
    SESSIONS,
    Table,
)
from tests.small_lake import content, invoice, land_invoices, open_night, run_night

FIRST, SECOND, MONTHS_LATER = "2010-12-01", "2010-12-02", "2011-03-01"
MADE = (EVENTS, SESSIONS, CUSTOMER_FEATURES, ITEM_FEATURES, CUSTOMER_SEQUENCES)


def _scatter(run: Run, table: Table) -> None:
    """Lay the rows of the first date out in many files, as a large cluster would."""
    where = f"{table.partition_by[0]} = '{FIRST}'"
    run.lake.begin_stage()
    rows = run.lake.read(table).where(where)
    writer = rows.repartitionByRange(4, table.key[0]).write.format("delta").mode("overwrite")
    options = {"replaceWhere": where, "dataChange": "false"}
    writer.options(**options).save(run.lake.path(table))


def _contents(run: Run) -> dict[str, tuple[int, str]]:
    return {table.name: content(run, table) for table in MADE}


def test_a_rerun_after_maintenance_gives_equal_rows_and_reads_no_more(
    spark: SparkSession, tmp_path: Path
) -> None:
    for number, day in enumerate((FIRST, SECOND)):
        lines = [invoice(day, number=10 * number + n, item=f"I{n}") for n in range(4)]
        land_invoices(tmp_path, day, lines)
        records = run_night(spark, tmp_path, day)
    run = open_night(
        spark,
        tmp_path,
        MONTHS_LATER,
        maintenance__small_files=2,
        maintenance__checkpoint_interval=1,
    )
    for table in (EVENTS, CUSTOMER_SEQUENCES):
        _scatter(run, table)
    before = _contents(run)
    run_stages((MAINTAIN,), run)
    run.lake.begin_stage()
    for table in (EVENTS, CUSTOMER_SEQUENCES):
        assert [c.run_id for c in run.lake.past_commits(table, limit=2)] == [None, None]
        old = run.lake.files(table, {table.partition_by[0]: FIRST})
        assert len(old) == 1, f"{table.name} was not compacted"
    again = run_night(spark, tmp_path, SECOND)
    assert _contents(run) == before
    # The second night still carries on from the first's sequences: nothing was backfilled.
    assert _rows_read(again, "events") == _rows_read(records, "events")


def _rows_read(records: list, table: str) -> int:  # type: ignore[type-arg]
    return sum(
        record.rows_read
        for record in records
        if record.stage == "build_features" and record.table_name == table
    )
