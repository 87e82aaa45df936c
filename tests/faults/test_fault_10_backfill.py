"""Row 10: a backfill of an old date after newer ones."""

from pathlib import Path

from pyspark.sql import SparkSession

from insight.tables import CUSTOMER_FEATURES, EVENTS
from tests.small_lake import invoice, land_invoices, open_night, run_night

OLD, NEW = "2010-12-01", "2010-12-02"


def test_fault_10_a_backfill_touches_only_its_date(spark: SparkSession, tmp_path: Path) -> None:
    land_invoices(tmp_path, OLD, [invoice(OLD, number=1)])
    land_invoices(tmp_path, NEW, [invoice(NEW, number=2, item="B")])
    run_night(spark, tmp_path, OLD)
    run_night(spark, tmp_path, NEW)
    lake = open_night(spark, tmp_path, OLD).lake
    before = {
        "events": sorted(lake.read(EVENTS).collect()),
        "features": sorted(lake.read(CUSTOMER_FEATURES).collect()),
        "files": lake.read(EVENTS).where(f"event_date = '{NEW}'").inputFiles(),
    }
    run_night(spark, tmp_path, OLD)
    lake.begin_stage()
    assert sorted(lake.read(EVENTS).collect()) == before["events"]
    assert sorted(lake.read(CUSTOMER_FEATURES).collect()) == before["features"]
    # Not only equal rows: the newer date's file was not written again.
    assert lake.read(EVENTS).where(f"event_date = '{NEW}'").inputFiles() == before["files"]
    features = {row["feature_date"].isoformat(): row["orders_30d"] for row in before["features"]}
    assert features == {OLD: 1, NEW: 2}
