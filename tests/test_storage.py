"""Folders and versions, asked of the file system itself."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import SettingsError
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


@pytest.mark.parametrize(
    ("folder", "found", "next_step"),
    [
        (
            "s3a://shop/lake",
            "no file system for s3a://",
            "--packages org.apache.hadoop:hadoop-aws:3.3.4",
        ),
        ("abfss://shop@store/lake", "no file system for abfss://", "hadoop-azure:3.3.4"),
        ("s4://shop/lake", "no file system for s4://", "correct the folder's scheme"),
        ("hdfs:///lake", "no path that Hadoop can open", "correct it"),
        ("", "no path that Hadoop can open", "correct it"),
    ],
)
def test_a_folder_on_a_file_system_that_is_not_there_is_refused_with_what_to_install(
    spark: SparkSession, folder: str, found: str, next_step: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        qualified(spark, folder)
    assert refused.value.found.startswith(found)
    assert next_step in refused.value.next_step
    assert refused.value.exit_code == 2
