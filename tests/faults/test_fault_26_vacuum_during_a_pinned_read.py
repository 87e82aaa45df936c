"""Row 26: VACUUM while a training run reads the version it is pinned to."""

import os
import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import TableDamagedError
from insight.launch import run_stages
from insight.maintenance.stage import MAINTAIN
from insight.stages import Run, Stage
from insight.tables import TRAINING_EXAMPLES
from insight.training import preflight
from insight.training.inputs import read_inputs
from tests.small_lake import open_night
from tests.training.examples import example_columns

NIGHT = date(2017, 11, 30)
ROWS = 40
_EIGHT_DAYS = 8 * 86400


def publish_examples(run: Run, *, seed: int) -> None:
    """Training examples of a night, in two equal files."""
    run.lake.begin_stage([TRAINING_EXAMPLES])
    columns = {name: values.tolist() for name, values in example_columns(ROWS, seed=seed).items()}
    constants = {"run_date": NIGHT, "split": "train"}
    names = [name for name in TRAINING_EXAMPLES.column_names if name not in constants]
    rows = [
        (*values, *(constants[name] for name in TRAINING_EXAMPLES.column_names[len(names) :]))
        for values in zip(*(columns[name] for name in names), strict=True)
    ]
    frame = run.spark.createDataFrame(rows, TRAINING_EXAMPLES.schema)
    run.lake.publish(frame, TRAINING_EXAMPLES, where=f"run_date = '{NIGHT}'", files=2)


def _earlier(milliseconds: re.Match[str]) -> str:
    return str(int(milliseconds[0]) - 1000 * _EIGHT_DAYS)


def _a_week_and_a_day_pass(folder: Path) -> None:
    """Make what was removed so far, removed eight days ago: in the log, and on disk."""
    then = time.time() - _EIGHT_DAYS
    for entry in (folder / "lake" / "training_examples" / "_delta_log").glob("0*.json"):
        entry.write_text(re.sub(r'(?<="deletionTimestamp":)\d+', _earlier, entry.read_text()))
        (entry.parent / f".{entry.name}.crc").unlink()
    for file in (folder / "lake" / "training_examples").rglob("*.parquet"):
        os.utime(file, (then, then))


def _training_that_reads(read: Callable[[Run, tuple[str, ...]], object], folder: Path) -> Stage:
    """A rehearsal's training; once it has pinned its files, others rebuild and maintain the lake.

    Training of a night holds the lake's lease, which keeps maintenance out.
    """

    def work(run: Run) -> str | None:
        partition = {"run_date": str(NIGHT), "split": "train"}
        files = tuple(run.lake.files(TRAINING_EXAMPLES, partition))
        publish_examples(open_night(run.spark, folder, str(NIGHT)), seed=1)
        if (folder / "slow").exists():
            _a_week_and_a_day_pass(folder)
        run_stages((MAINTAIN,), open_night(run.spark, folder, str(NIGHT)))
        read(run, files)
        return None

    reads = (TRAINING_EXAMPLES,)
    return Stage("train", reads=reads, writes=(), work=work, beside_others=True)


def _through_spark(run: Run, files: tuple[str, ...]) -> None:
    assert run.lake.read(TRAINING_EXAMPLES).where("purchase >= 0").count() == ROWS


def _by_the_files(run: Run, files: tuple[str, ...]) -> None:
    assert preflight.refuse_unequal_shards("examples", files, ranks=2) == ROWS


def _by_all_of_training(run: Run, files: tuple[str, ...]) -> None:
    read_inputs(run, ranks=2)


@pytest.mark.parametrize("read", [_through_spark, _by_the_files])
def test_fault_26_vacuum_leaves_what_a_pinned_training_run_reads(
    spark: SparkSession, tmp_path: Path, read: Callable[[Run, tuple[str, ...]], object]
) -> None:
    publish_examples(open_night(spark, tmp_path, str(NIGHT)), seed=0)
    training = _training_that_reads(read, tmp_path)
    (*_, total) = run_stages((training,), open_night(spark, tmp_path, str(NIGHT)))
    assert total.outcome == "ok"


@pytest.mark.parametrize("read", [_through_spark, _by_the_files, _by_all_of_training])
def test_fault_26_a_training_run_older_than_the_retention_ends_with_a_typed_error(
    spark: SparkSession, tmp_path: Path, read: Callable[[Run, tuple[str, ...]], object]
) -> None:
    publish_examples(open_night(spark, tmp_path, str(NIGHT)), seed=0)
    (tmp_path / "slow").touch()
    with pytest.raises(TableDamagedError, match=r"missing file: .*\.parquet") as refused:
        run_stages((_training_that_reads(read, tmp_path),), open_night(spark, tmp_path, str(NIGHT)))
    assert refused.value.exit_code == 2
