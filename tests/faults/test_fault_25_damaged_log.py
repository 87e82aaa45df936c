"""Row 25: an entry of a table's Delta log is corrupt, empty or missing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import TableDamagedError
from insight.launch import run_stages
from insight.stages import Run, Stage
from insight.storage import log_of
from insight.tables import ITEM_VOCABULARY
from tests.small_lake import content, open_night
from tests.vocabulary import FIRST, SECOND, vocabulary_row, vocabulary_rows

DAYS = (FIRST, SECOND)


def _work(run: Run) -> str | None:
    """Read the table, and replace the run date's rows by those there are."""
    where = f"run_date = '{run.run_date}'"
    rows = run.lake.read_or_empty(ITEM_VOCABULARY).where(where)
    made = vocabulary_rows(
        run.spark, *(vocabulary_row(n, run.run_date) for n in range(2, 4 if rows.isEmpty() else 5))
    )
    run.lake.publish(made, ITEM_VOCABULARY, where=where)
    return None


STAGE = Stage("vocabulary", reads=(), writes=(ITEM_VOCABULARY,), work=_work)


@pytest.fixture(scope="module")
def sound(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of three commits: its creation and two dates."""
    folder = tmp_path_factory.mktemp("sound")
    for day in DAYS:
        run_stages((STAGE,), open_night(spark, folder, str(day)))
    return folder


@pytest.fixture
def log(sound: Path, tmp_path: Path) -> Path:
    """The log of a copy of it."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    return tmp_path / "lake" / "item_vocabulary" / "_delta_log"


def _entry(version: int) -> str:
    return f"{version:020}.json"


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    # Hadoop's own checksum would find it: object stores have none.
    (path.parent / f".{path.name}.crc").unlink()


def _missing(version: int) -> Callable[[Path], None]:
    return lambda log: (log / _entry(version)).unlink()


def _emptied(version: int) -> Callable[[Path], None]:
    return lambda log: _write(log / _entry(version), b"")


def _truncated(log: Path) -> None:
    path = log / _entry(1)
    _write(path, path.read_bytes()[:-40])


def _all_gone(log: Path) -> None:
    shutil.rmtree(log)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        # Read without a word as a table of fewer rows, were it left to Delta:
        (_emptied(1), f"an empty log entry {_entry(1)}"),
        (_emptied(2), f"an empty log entry {_entry(2)}"),
        (_missing(2), "version 2 committed, its entry gone"),
        # Taken for a table never written:
        (_all_gone, "data files, and no log of them"),
        (_missing(0), _entry(0)),
        (_missing(1), "not contiguous"),
        (_truncated, "[Mm]alformed"),
    ],
)
def test_fault_25_a_damaged_log_stops_the_stage_with_a_repair_hint(
    spark: SparkSession, log: Path, damage: Callable[[Path], None], found: str
) -> None:
    damage(log)
    run = open_night(spark, log.parents[2], str(SECOND))
    before = sorted(log.parent.rglob("*"))
    with pytest.raises(TableDamagedError, match=found) as refused:
        run_stages((STAGE,), run)
    assert refused.value.exit_code == 2
    assert "from a backup" in refused.value.next_step
    assert "docs/runbook.md" in refused.value.next_step
    assert sorted(log.parent.rglob("*")) == before


def test_fault_25_a_flipped_bit_in_a_checkpoint_is_noticed(spark: SparkSession, log: Path) -> None:
    folder = log.parents[2]
    path = open_night(spark, folder, str(SECOND)).lake.path(ITEM_VOCABULARY)
    log_of(spark, path).checkpoint()
    moved = folder / "moved"
    shutil.copytree(folder / "lake", moved / "lake")
    (checkpoint,) = (moved / "lake").rglob("*.checkpoint.parquet")
    damaged = bytearray(checkpoint.read_bytes())
    damaged[len(damaged) // 2] ^= 0b100
    checkpoint.write_bytes(damaged)
    with pytest.raises(TableDamagedError, match=checkpoint.name) as refused:
        run_stages((STAGE,), open_night(spark, moved, str(SECOND)))
    assert "from a backup" in refused.value.next_step
    # The log's entries are all there: without the checkpoint the table is whole.
    for path in checkpoint.parent.iterdir():
        if "checkpoint" in path.name:
            path.unlink()
    run_stages((STAGE,), open_night(spark, moved, str(SECOND)))


def test_fault_25_a_table_moved_away_and_run_again_is_the_same(
    spark: SparkSession, log: Path, sound: Path
) -> None:
    _emptied(1)(log)
    table, aside = log.parent, log.parents[2] / "item_vocabulary.damaged"
    table.rename(aside)
    for day in DAYS:
        run_stages((STAGE,), open_night(spark, log.parents[2], str(day)))
    rebuilt = content(open_night(spark, log.parents[2], str(SECOND)), ITEM_VOCABULARY)
    assert rebuilt == content(open_night(spark, sound, str(SECOND)), ITEM_VOCABULARY)
