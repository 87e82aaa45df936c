"""What Spark says it has read is what was read."""

import tempfile
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.spark import (
    WAREHOUSE,
    auditing,
    build_session,
    local_properties,
    next_query,
    rows_read,
)
from tests.conftest import FEW_ROWS


def test_rows_of_data_are_counted_by_folder_and_rows_of_logs_are_not(
    spark: SparkSession, tmp_path: Path
) -> None:
    # A path longer than Spark shows of it by default.
    lake = f"file:{tmp_path}/{'a' * 100}"
    for name, rows in (("items", 3), ("items_sold", 5)):
        spark.range(rows).coalesce(1).write.format("delta").save(f"{lake}/{name}")
    first = next_query(spark)
    roots = {f"{lake}/{name}": name for name in ("items", "items_sold", "events")}
    spark.read.format("delta").load(f"{lake}/items").agg(F.sum("id")).collect()
    assert rows_read(spark, since=first, roots=roots) == {"items": 3}
    second = next_query(spark)
    spark.read.format("delta").load(f"{lake}/items_sold").agg(F.sum("id")).collect()
    assert rows_read(spark, since=second, roots=roots) == {"items_sold": 5}
    assert rows_read(spark, since=first, roots=roots) == {"items": 3, "items_sold": 5}


def test_rows_that_an_audit_reads_are_not_counted(spark: SparkSession, tmp_path: Path) -> None:
    folder = f"file:{tmp_path}/items"
    spark.range(3).write.format("delta").save(folder)
    first = next_query(spark)
    with auditing(spark):
        spark.read.format("delta").load(folder).agg(F.sum("id")).collect()
    assert rows_read(spark, since=first, roots={folder: "items"}) == {}
    spark.read.format("delta").load(folder).agg(F.sum("id")).collect()
    assert rows_read(spark, since=first, roots={folder: "items"}) == {"items": 3}


def test_times_are_utc_and_a_bad_cast_is_an_error_never_a_null() -> None:
    properties = local_properties()
    assert properties["spark.sql.session.timeZone"] == "UTC"
    assert properties["spark.sql.ansi.enabled"] == "true"
    assert properties["spark.sql.files.ignoreCorruptFiles"] == "false"
    assert properties["spark.sql.files.ignoreMissingFiles"] == "false"


def test_a_job_in_this_process_leaves_the_sessions_properties_as_they_are(
    spark: SparkSession,
) -> None:
    session = build_session("a job")
    assert session.sparkContext is spark.sparkContext
    assert {name: spark.conf.get(name) for name in FEW_ROWS} == FEW_ROWS


def test_sparks_own_database_is_no_folder_of_the_callers(spark: SparkSession) -> None:
    (database,) = spark.catalog.listDatabases()
    assert database.locationUri == f"file:{WAREHOUSE}"
    assert WAREHOUSE.parent == Path(tempfile.gettempdir())
