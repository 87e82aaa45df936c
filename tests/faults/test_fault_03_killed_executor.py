"""Row 3: an executor is killed in mid-shuffle, on a standalone cluster of two workers."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession

from insight.delta import Commit, Lake
from insight.tables import ITEM_VOCABULARY
from tests.conftest import FEW_ROWS
from tests.small_lake import open_night
from tests.standalone import standalone_cluster
from tests.vocabulary import FIRST, vocabulary_row, vocabulary_rows

ROOT = Path(__file__).resolve().parents[2]
ITEMS = 300


def _rows(spark: SparkSession) -> DataFrame:
    rows = vocabulary_rows(spark, *(vocabulary_row(n) for n in range(2, 2 + ITEMS)))
    return rows.repartition(4, "item_id")


def _publish(lake: Lake, rows: DataFrame) -> Commit:
    return lake.publish(rows, ITEM_VOCABULARY, where=f"run_date = '{FIRST}'")


@pytest.fixture
def master(tmp_path: Path) -> Iterator[str]:
    """A master and two workers of one core each; gone with the test."""
    with standalone_cluster(tmp_path) as url:
        yield url


def test_fault_03_an_executor_killed_in_mid_shuffle_changes_no_row(
    spark: SparkSession, master: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", f"tests.faults.{Path(__file__).stem}", master, str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert (tmp_path / "killed").read_text().isdigit(), "no executor was killed"
    assert told["executors_lost"] == 1
    clean = _publish(open_night(spark, tmp_path / "clean", str(FIRST)).lake, _rows(spark))
    assert (told["rows"], told["content_hash"]) == (clean.rows, clean.content_hash)
    # No second attempt's file is live beside the first's.
    survived = open_night(spark, tmp_path, str(FIRST)).lake
    assert survived.read(ITEM_VOCABULARY).count() == ITEMS


def _main(master: str, folder: Path) -> None:
    from insight.spark import local_properties

    properties = (
        local_properties()
        | FEW_ROWS
        | {
            "spark.master": master,
            "spark.driver.memory": "1g",
            "spark.executor.memory": "512m",
            "spark.executor.cores": "1",
            "spark.cores.max": "2",
            "spark.pyspark.python": sys.executable,
        }
    )
    spark = SparkSession.builder.config(map=properties).getOrCreate()
    _wait_for_executors(spark)
    marker = folder / "killed"

    def killing(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The first task to read a second part of the shuffle takes its executor with it."""
        context = TaskContext.get()
        if context is not None and context.partitionId() == 1 and not marker.exists():
            executor = _parent_of(os.getppid())
            marker.write_text(str(executor))
            os.kill(executor, signal.SIGKILL)
        yield from batches

    rows = _rows(spark)
    lake = open_night(spark, folder, str(FIRST)).lake
    commit = _publish(lake, rows.mapInArrow(killing, rows.schema))
    lost = spark.sparkContext._jsc.sc().statusStore().executorList(False)
    dead = sum(not lost.apply(position).isActive() for position in range(lost.size()))
    told = {"rows": commit.rows, "content_hash": commit.content_hash, "executors_lost": dead}
    sys.stdout.write(json.dumps(told) + "\n")
    spark.stop()


def _wait_for_executors(spark: SparkSession) -> None:
    """Both, so that the shuffle lies on two and one of them can go."""
    until = time.monotonic() + 60
    store = spark.sparkContext._jsc.sc().statusStore()
    while store.executorList(True).size() < 3:  # The driver is one of them.
        if time.monotonic() > until:
            raise TimeoutError("no two executors within a minute")
        time.sleep(0.1)


def _parent_of(process: int) -> int:
    """The executor is the parent of the daemon that forks the Python workers."""
    return int(Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1])


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
