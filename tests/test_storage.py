"""Folders and versions, asked of the file system itself."""

from pathlib import Path

from pyspark.sql import SparkSession

from insight.storage import newest_version, qualified
from insight.tables import ITEMS


def test_a_folder_has_one_name_however_it_is_written(spark: SparkSession, tmp_path: Path) -> None:
    name = f"file:{tmp_path}/lake"
    assert qualified(spark, f"{tmp_path}/lake") == name
    assert qualified(spark, name + "/") == name


def test_versions_count_from_zero_and_no_table_has_none(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = f"file:{tmp_path}/items"
    assert newest_version(spark, folder) == -1
    spark.sql(ITEMS.ddl(folder))
    assert newest_version(spark, folder) == 0
