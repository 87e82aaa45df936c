"""Row 1: the driver is killed while it stages."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from pyspark.sql import SparkSession

from insight.delta import Commit, Lake
from insight.tables import ITEM_VOCABULARY
from insight.transaction import Transaction
from tests.conftest import FEW_ROWS
from tests.small_lake import content, open_night
from tests.vocabulary import FIRST, vocabulary_row, vocabulary_rows

ROOT = Path(__file__).resolve().parents[2]


def publish(lake: Lake, *indices: int) -> Commit:
    """What a night would: replace a date's rows."""
    lake.begin_stage([ITEM_VOCABULARY])
    rows = vocabulary_rows(lake.spark, *(vocabulary_row(n) for n in indices))
    return lake.publish(rows, ITEM_VOCABULARY, where=f"run_date = '{FIRST}'")


def die(spark: SparkSession) -> None:
    """Kill the driver without a chance to tidy: the JVM and the Python process beside it."""
    jvm = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()  # type: ignore[union-attr]
    os.kill(jvm, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def publish_in_a_process_that_dies(folder: Path, when: str) -> None:
    """Publish items 4 and 5 in a process of its own, which is killed ``while_staging`` or after."""
    command = [sys.executable, "-m", f"tests.faults.{Path(__file__).stem}", str(folder), when]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-4000:]


def test_fault_01_a_driver_killed_while_it_stages_leaves_the_old_version(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = open_night(spark, tmp_path / "killed", str(FIRST)).lake
    publish(lake, 2, 3)
    run = open_night(spark, tmp_path / "killed", str(FIRST))
    before, version = content(run, ITEM_VOCABULARY), run.lake.version(ITEM_VOCABULARY)
    files = set((tmp_path / "killed" / "lake" / "item_vocabulary").rglob("*.parquet"))
    publish_in_a_process_that_dies(tmp_path / "killed", "while_staging")
    after = set((tmp_path / "killed" / "lake" / "item_vocabulary").rglob("*.parquet"))
    assert len(after - files) == 1, "it was killed before it had staged anything"
    assert content(run, ITEM_VOCABULARY) == before
    assert run.lake.version(ITEM_VOCABULARY) == version
    rerun = publish(open_night(spark, tmp_path / "killed", str(FIRST)).lake, 4, 5)
    clean = publish(open_night(spark, tmp_path / "clean", str(FIRST)).lake, 4, 5)
    assert (rerun.rows, rerun.content_hash) == (clean.rows, clean.content_hash)


def _main(folder: Path, when: str) -> None:
    from insight.spark import build_session

    spark = build_session("insight killed")
    for name, value in FEW_ROWS.items():
        spark.conf.set(name, value)
    name = {"while_staging": "write", "after_the_commit": "commit"}[when]
    real = getattr(Transaction, name)

    def last_act(*given: object, **named: object) -> None:
        real(*given, **named)
        die(spark)

    setattr(Transaction, name, last_act)
    publish(open_night(spark, folder, str(FIRST)).lake, 4, 5)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2])
