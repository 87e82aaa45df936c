"""Row 28: the disk is full, or closed to the run, at the commit."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.faults import StorageRefusedError
from insight.launch import run_stages
from insight.stages import Run, Stage
from insight.tables import ITEM_VOCABULARY
from insight.transaction import Transaction
from tests.faults.test_fault_01_killed_while_staging import publish
from tests.small_lake import content, open_night
from tests.vocabulary import FIRST

Trouble = Callable[[SparkSession, Path], Iterator[None]]


def _replace(run: Run) -> str | None:
    publish(run.lake, 4, 5)
    return None


STAGE = Stage("vocabulary", reads=(), writes=(ITEM_VOCABULARY,), work=_replace)


@contextmanager
def _no_room(spark: SparkSession, folder: Path) -> Iterator[None]:
    """A device filled to the last byte; it is small, and mounted where the lake is."""
    filler = folder / "lake" / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"\0" * 4096)
    yield
    filler.unlink()


@contextmanager
def _no_larger_file(spark: SparkSession, folder: Path) -> Iterator[None]:
    """The system lets the driver write not one byte more, as a quota would."""
    jvm = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()  # type: ignore[union-attr]
    before = resource.prlimit(jvm, resource.RLIMIT_FSIZE)
    resource.prlimit(jvm, resource.RLIMIT_FSIZE, (0, before[1]))
    yield
    resource.prlimit(jvm, resource.RLIMIT_FSIZE, before)


@contextmanager
def _no_permission(spark: SparkSession, folder: Path) -> Iterator[None]:
    """The log may not be written to. Root may write anywhere but to what is immutable."""
    log = folder / "lake" / "item_vocabulary" / "_delta_log"
    closed, opened = (["chattr", f"{sign}i", str(log)] for sign in "+-")
    if os.geteuid() != 0:
        closed, opened = (["chmod", mode, str(log)] for mode in ("0555", "0755"))
    if subprocess.run(closed, capture_output=True, check=False).returncode != 0:
        pytest.skip("this file system has no immutable folders, and root may write anywhere")
    yield
    subprocess.run(opened, check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    lake = tmp_path / "lake"
    lake.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(lake)]
    done = (
        subprocess.run(mount, capture_output=True, check=False) if shutil.which("mount") else None
    )
    if done is None or done.returncode != 0:
        pytest.skip("may not mount a file system of its own")
    yield tmp_path
    subprocess.run(["umount", str(lake)], check=True)


def _refused_at_the_commit(
    spark: SparkSession, folder: Path, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> StorageRefusedError:
    """Publish once; have the trouble begin when all is staged and audited; publish again."""
    publish(open_night(spark, folder, str(FIRST)).lake, 2, 3)
    run = open_night(spark, folder, str(FIRST))
    before, version = content(run, ITEM_VOCABULARY), run.lake.version(ITEM_VOCABULARY)
    commit = Transaction.commit

    def in_trouble(transaction: Transaction, **given: str) -> int | None:
        with trouble(spark, folder):  # type: ignore[attr-defined]
            try:
                return commit(transaction, **given)
            except Exception as error:
                failed.append(error)
        raise failed[0]

    failed: list[Exception] = []
    with monkeypatch.context() as patched, pytest.raises(StorageRefusedError) as refused:
        patched.setattr(Transaction, "commit", in_trouble)
        run_stages((STAGE,), run)
    assert content(run, ITEM_VOCABULARY) == before
    assert run.lake.version(ITEM_VOCABULARY) == version
    # With room again, the same night goes through.
    again = open_night(spark, folder, str(FIRST))
    run_stages((STAGE,), again)
    items = [row["item_id"] for row in again.lake.read(ITEM_VOCABULARY).collect()]
    assert sorted(items) == ["item 4", "item 5"]
    return refused.value


def test_fault_28_a_full_disk_leaves_the_old_version(
    spark: SparkSession, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = _refused_at_the_commit(spark, small_disk, _no_room, monkeypatch)
    assert error.found.startswith("No space left on device")
    assert "table item_vocabulary" in error.subject
    assert "the old version stays live" in error.next_step
    assert error.exit_code == 1


@pytest.mark.parametrize(
    ("trouble", "found"),
    [
        (_no_larger_file, "File too large"),
        (_no_permission, "Operation not permitted|Permission denied"),
    ],
)
def test_fault_28_a_write_that_is_not_permitted_leaves_the_old_version(
    spark: SparkSession,
    tmp_path: Path,
    trouble: Trouble,
    found: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = _refused_at_the_commit(spark, tmp_path, trouble, monkeypatch)
    assert any(error.found.startswith(text) for text in found.split("|")), error.found
    assert error.exit_code == 1
