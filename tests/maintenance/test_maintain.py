"""Maintenance: fewer files, the same rows, nothing removed that may still be read."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from insight.errors import SettingsError, TableDamagedError
from insight.launch import run_stages
from insight.maintenance.compaction import compact, crowded_partitions
from insight.maintenance.holdings import holdings_after, holdings_of
from insight.maintenance.live_files import DataFile, Partition, live_files
from insight.maintenance.retention import remove_dead_files
from insight.maintenance.stage import MAINTAIN
from insight.settings import MaintenanceSettings, load_settings
from insight.stages import Run
from insight.storage import log_of, newest_snapshot
from insight.tables import ITEM_VOCABULARY, RUN_LOG, TRAINING_EXAMPLES
from tests.small_lake import content, jobs_so_far, open_night
from tests.vocabulary import FIRST, SECOND, vocabulary_row, vocabulary_rows

LATER = str(SECOND + timedelta(days=30))
SMALL = 9


def _run(spark: SparkSession, folder: Path, day: str = LATER, **overrides: Any) -> Run:
    return open_night(spark, folder, day, **overrides)


def _operations(run: Run) -> list[str]:
    history = DeltaTable.forPath(run.spark, run.lake.path(ITEM_VOCABULARY)).history()
    return [row["operation"] for row in history.select("operation").collect()]


def _live(run: Run, day: object) -> list[DataFile]:
    return [file for file in _all_live(run) if file.partition == _partition(day)]


def _all_live(run: Run, **fetched: int) -> list[DataFile]:
    log = log_of(run.spark, run.lake.path(ITEM_VOCABULARY))
    return list(live_files(run.spark, newest_snapshot(run.spark, log), **fetched))


def _partition(day: object) -> Partition:
    return (("run_date", str(day)),)


@pytest.fixture(scope="module")
def crowded(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with nine small files on its first date and one on its second."""
    folder = tmp_path_factory.mktemp("crowded")
    run = _run(spark, folder, str(FIRST))
    for day in (FIRST, SECOND):
        rows = vocabulary_rows(spark, *(vocabulary_row(n, day) for n in range(2, 2 + SMALL)))
        run.lake.publish(rows, ITEM_VOCABULARY, where=f"run_date = '{day}'")
    path = run.lake.path(ITEM_VOCABULARY)
    rows = run.lake.read(ITEM_VOCABULARY).where(f"run_date = '{FIRST}'")
    split = rows.repartitionByRange(SMALL, "item_index").write.format("delta").mode("overwrite")
    split.option("replaceWhere", f"run_date = '{FIRST}'").option("dataChange", "false").save(path)
    assert len(_live(run, FIRST)) == SMALL
    return folder


@pytest.fixture
def folder(crowded: Path, tmp_path: Path) -> Path:
    """A copy of it: a Delta table may be moved."""
    shutil.copytree(crowded, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_crowded_partition_is_compacted_and_its_rows_stay(
    spark: SparkSession, folder: Path
) -> None:
    run = _run(spark, folder)
    pinned, before = run.lake.read(ITEM_VOCABULARY), content(run, ITEM_VOCABULARY)
    run_stages((MAINTAIN,), run)
    assert len(_live(run, FIRST)) == 1
    assert content(run, ITEM_VOCABULARY) == before
    # A reader that began before reads the old files: they stay for the retention.
    assert pinned.count() == 2 * SMALL
    log = run.lake.read(RUN_LOG).collect()
    assert [(row["table_name"], row["outcome"], row["rows_written"]) for row in log] == [
        ("item_vocabulary", "ok", 0),
        ("stage", "ok", 0),
    ]
    assert log[0]["version"] == run.lake.version(ITEM_VOCABULARY)
    assert all(file.has_statistics for file in _live(run, FIRST))
    again = _run(spark, folder)
    run_stages((MAINTAIN,), again)
    assert _operations(again).count("OPTIMIZE") == 1
    assert _operations(again).count("SET TBLPROPERTIES") == 1


def test_a_night_in_progress_loses_nothing_to_maintenance(
    spark: SparkSession, folder: Path
) -> None:
    night = _run(spark, folder, str(SECOND))
    night.lake.begin_stage([ITEM_VOCABULARY])
    run = _run(spark, folder)
    assert compact(run, ITEM_VOCABULARY, {_partition(FIRST): SMALL}) == 1
    remove_dead_files(run, ITEM_VOCABULARY)
    rows = vocabulary_rows(spark, vocabulary_row(2, SECOND))
    night.lake.publish(rows, ITEM_VOCABULARY, where=f"run_date = '{SECOND}'")
    assert content(night, ITEM_VOCABULARY)[0] == SMALL + 1
    known = [commit.run_id for commit in night.lake.past_commits(ITEM_VOCABULARY, limit=4)]
    assert known == [night.run_id, None, None, None]


def test_partitions_that_a_night_may_still_replace_are_left_alone(
    spark: SparkSession, folder: Path
) -> None:
    run = _run(spark, folder, str(FIRST + timedelta(days=5)))
    assert compact(run, ITEM_VOCABULARY, {_partition(FIRST): SMALL}) == 0


def test_what_is_crowded() -> None:
    settings = MaintenanceSettings(small_files=2)

    def partition(*dates: object) -> Partition:
        return tuple((f"column_{n}", str(day)) for n, day in enumerate(dates))

    # Many; few; of two dates, one of them recent; in no partition; in a text's partition.
    small_files = {
        partition(FIRST): 2,
        partition(SECOND): 1,
        partition(FIRST, LATER): 2,
        partition(): 2,
        partition(FIRST, "train"): 2,
    }
    found = crowded_partitions(
        small_files, settings=settings, settled_before=SECOND + timedelta(days=1)
    )
    assert found == [(), (("column_0", str(FIRST)),)]


def test_files_that_ranks_share_keep_their_layout(spark: SparkSession, folder: Path) -> None:
    run = _run(spark, folder)
    assert compact(run, TRAINING_EXAMPLES, {_partition(FIRST): SMALL}) == 0


def test_a_dead_file_goes_when_it_is_old_and_stays_while_it_is_young(
    spark: SparkSession, folder: Path
) -> None:
    partition = folder / "lake" / "item_vocabulary" / f"run_date={FIRST}"
    old, young = partition / "part-old.parquet", partition / "part-young.parquet"
    for file, days in ((old, 8), (young, 6)):
        file.write_bytes(b"left by a run that died")
        os.utime(file, (time.time() - days * 86400,) * 2)
    remove_dead_files(_run(spark, folder), ITEM_VOCABULARY)
    assert not old.exists()
    assert young.exists()


def test_a_retention_below_a_week_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"maintenance.retention_hours .*greater than or equal"):
        load_settings("local", overrides={"maintenance.retention_hours": 167})


def test_a_retention_below_the_tables_own_is_refused(spark: SparkSession, folder: Path) -> None:
    run = _run(spark, folder)
    path = run.lake.path(ITEM_VOCABULARY)
    longer = "'delta.deletedFileRetentionDuration' = 'interval 10 days'"
    spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({longer})")
    with pytest.raises(SettingsError, match="table item_vocabulary: found 168 hours"):
        run_stages((MAINTAIN,), run)
    remove_dead_files(_run(spark, folder, maintenance__retention_hours=240), ITEM_VOCABULARY)


def test_nothing_is_removed_while_deltas_own_check_is_off(
    spark: SparkSession, folder: Path
) -> None:
    check = "spark.databricks.delta.retentionDurationCheck.enabled"
    spark.conf.set(check, "false")
    try:
        with pytest.raises(SettingsError, match="retentionDurationCheck"):
            run_stages((MAINTAIN,), _run(spark, folder))
    finally:
        spark.conf.unset(check)


def test_statistics_are_completed_where_another_tool_wrote_none(
    spark: SparkSession, folder: Path
) -> None:
    run = _run(spark, folder)
    spark.conf.set("spark.databricks.delta.stats.collect", "false")
    try:
        run.lake.append(vocabulary_rows(spark, vocabulary_row(50, SECOND)), ITEM_VOCABULARY)
    finally:
        spark.conf.unset("spark.databricks.delta.stats.collect")
    assert [file.has_statistics for file in _live(run, SECOND)].count(False) == 1
    run_stages((MAINTAIN,), run)
    assert all(file.has_statistics for file in _live(run, SECOND))


def test_a_lost_file_is_named_before_anything_else_is_done(
    spark: SparkSession, folder: Path
) -> None:
    run = _run(spark, folder)
    lost = folder / "lake" / "item_vocabulary" / _live(run, FIRST)[0].path
    lost.unlink()
    with pytest.raises(TableDamagedError, match=f"1 of 10 files lost.*{lost.name} is missing"):
        run_stages((MAINTAIN,), run)
    assert "OPTIMIZE" not in _operations(run)


def test_a_walk_through_a_small_table_takes_one_job(spark: SparkSession, folder: Path) -> None:
    run = _run(spark, folder)
    path = run.lake.path(ITEM_VOCABULARY)
    # The first reader of a version makes Spark rebuild the log's state.
    _all_live(run)
    before = jobs_so_far(spark)
    held = holdings_of(spark, path, small_bytes=10**6)
    assert jobs_so_far(spark) - before == 1
    assert held.live.small == {_partition(FIRST): SMALL, _partition(SECOND): 1}
    assert (held.live.sums.files, held.on_disk.files, held.live.lost) == (10, 11, 0)
    # A quiet table is not read a second time.
    before = jobs_so_far(spark)
    assert holdings_after(spark, path, held, rewritten=False, removed=True) == held
    assert jobs_so_far(spark) == before
    # A table of many files comes in parts, and in the same order.
    assert _all_live(run, fetched=3) == _all_live(run)


def test_a_lake_without_tables_has_nothing_to_maintain(spark: SparkSession, tmp_path: Path) -> None:
    (record,) = run_stages((MAINTAIN,), _run(spark, tmp_path))
    assert record.outcome == "skipped"
