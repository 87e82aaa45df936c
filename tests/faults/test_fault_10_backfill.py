"""Row 10: a backfill of an old date after newer ones."""

from pathlib import Path

from pyspark.sql import SparkSession

from insight.delta import Lake
from insight.tables import CUSTOMER_DAILY, CUSTOMER_FEATURES, EVENTS, ITEM_DAILY, SESSIONS, Table
from tests.small_lake import invoice, land_invoices, open_night, run_night

OLD, NEW = "2010-12-01", "2010-12-05"

BY_DATE = (EVENTS, SESSIONS, CUSTOMER_DAILY, ITEM_DAILY, CUSTOMER_FEATURES)


def _newer_files(lake: Lake, table: Table) -> list[str]:
    lake.begin_stage()
    return lake.files(table, {table.partition_by[0]: NEW})


def test_fault_10_a_backfill_touches_only_its_date(spark: SparkSession, tmp_path: Path) -> None:
    land_invoices(tmp_path, OLD, [invoice(OLD, number=1)])
    land_invoices(tmp_path, NEW, [invoice(NEW, number=2, item="B")])
    run_night(spark, tmp_path, OLD)
    run_night(spark, tmp_path, NEW)
    lake = open_night(spark, tmp_path, OLD).lake
    before = {table.name: _newer_files(lake, table) for table in BY_DATE}
    land_invoices(tmp_path, f"second-{OLD}", [invoice(OLD, number=3, item="C")])
    run_night(spark, tmp_path, OLD)
    # Not only equal rows: no file of the newer date was written again.
    assert {table.name: _newer_files(lake, table) for table in BY_DATE} == before
    assert all(before.values())
    events = lake.read(EVENTS).where(f"event_date = '{OLD}'")
    assert sorted(row["item_id"] for row in events.collect()) == ["A", "C"]
    features = lake.read(CUSTOMER_FEATURES).collect()
    orders = {row["feature_date"].isoformat(): row["orders_30d"] for row in features}
    assert orders == {OLD: 2, NEW: 2}
