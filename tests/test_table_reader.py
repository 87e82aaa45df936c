"""Tables at a version: the same rows however their files are listed, and small ones in one job."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from insight import table_reader
from insight.spark import next_query, rows_read
from insight.storage import log_of
from insight.table_reader import files_of, read_table
from tests.small_lake import jobs_so_far


@pytest.fixture(scope="module")
def folder(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Version 0 has three rows in ``a`` and two in ``b``; version 1 has two in ``b`` alone."""
    folder = f"file:{tmp_path_factory.mktemp('table')}/visits"
    rows = [(1, "a"), (2, "a"), (3, "a"), (4, "b"), (5, "b")]
    frame = spark.createDataFrame(rows, "number int, letter string").repartition(1)
    frame.write.format("delta").partitionBy("letter").save(folder)
    later = frame.where("letter = 'b'").write.format("delta").mode("overwrite")
    later.save(folder)
    return folder


def _numbers(spark: SparkSession, folder: str, version: int, where: str = "true") -> list[int]:
    rows = read_table(spark, folder, version).where(where).collect()
    return sorted(row["number"] for row in rows)


@pytest.mark.parametrize("small", [10 * 2**20, 0])
def test_a_version_has_its_own_rows(
    spark: SparkSession, folder: str, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_reader, "_SMALL", small)
    assert _numbers(spark, folder, 0) == [1, 2, 3, 4, 5]
    assert _numbers(spark, folder, 0, "letter = 'a' AND number > 1") == [2, 3]
    assert _numbers(spark, folder, 1) == [4, 5]


def test_a_read_of_a_small_table_is_one_job(spark: SparkSession, folder: str) -> None:
    before = jobs_so_far(spark)
    assert _numbers(spark, folder, 1, "letter = 'b'") == [4, 5]
    assert jobs_so_far(spark) - before == 1


def test_files_of_other_partitions_are_not_read(spark: SparkSession, folder: str) -> None:
    first = next_query(spark)
    assert _numbers(spark, folder, 0, "letter = 'b'") == [4, 5]
    assert rows_read(spark, since=first, roots={folder: "visits"}) == {"visits": 2}


def test_a_version_that_another_writer_left_is_read_without_its_checksum(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = str(tmp_path / "visits")
    write_deltalake(folder, pa.table({"number": [1, 2]}))
    write_deltalake(folder, pa.table({"number": [3]}), mode="append")
    assert _numbers(spark, folder, 1) == [1, 2, 3]


def test_a_checksum_of_a_lost_commit_is_not_believed(spark: SparkSession, tmp_path: Path) -> None:
    folder, other = tmp_path / "visits", tmp_path / "other"
    for number in (1, 2):
        rows = spark.createDataFrame([(number,)], "number int").coalesce(1)
        rows.write.format("delta").mode("append").save(str(folder))
    # Another writer commits the version again, without a checksum.
    write_deltalake(other, pa.table({"number": pa.array([3], pa.int32())}))
    (file,) = other.glob("*.parquet")
    file.rename(folder / file.name)
    entry = (other / "_delta_log" / f"{0:020}.json").read_text().splitlines()
    kept = [line for line in entry if "add" in json.loads(line)]
    log = folder / "_delta_log"
    (log / f".{1:020}.json.crc").unlink(missing_ok=True)
    (log / f"{1:020}.json").write_text("\n".join(['{"commitInfo":{"timestamp":0}}', *kept]))
    assert (log / f"{1:020}.crc").exists()
    spark.sparkContext._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    assert _numbers(spark, str(folder), 1) == [1, 3]


def test_an_entry_may_hold_what_python_takes_for_a_line_break(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = str(tmp_path / "visits")
    rows = spark.createDataFrame([(1, "a\u2028b")], "number int, letter string")
    rows.write.format("delta").partitionBy("letter").save(folder)
    before = jobs_so_far(spark)
    assert _numbers(spark, folder, 0) == [1]
    assert jobs_so_far(spark) - before == 1


def test_files_beside_a_checkpoint_are_held_against_it_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    folder = str(tmp_path / "visits")
    for number in (1, 2):
        rows = spark.createDataFrame([(number,)], "number int").coalesce(1)
        rows.write.format("delta").mode("append").save(folder)
        if number == 1:
            log_of(spark, folder).checkpoint()
    spark.sparkContext._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    jobs = []
    for _ in range(2):
        before = jobs_so_far(spark)
        assert _numbers(spark, folder, 1) == [1, 2]
        jobs.append(jobs_so_far(spark) - before)
    assert jobs[0] > jobs[1] == 1


def test_files_of_a_partition_are_listed_for_it_alone(spark: SparkSession, folder: str) -> None:
    (of_a,) = files_of(spark, folder, 0, {"letter": "a"})
    assert "/letter=a/" in of_a
    assert files_of(spark, folder, 1, {"letter": "a"}) == []
