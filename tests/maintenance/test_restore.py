"""A restored table is an earlier version, whole, and says what it undid."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pyspark.sql import SparkSession

from insight.errors import SettingsError, StageOrderError, TableDamagedError
from insight.launch import run_stages
from insight.maintenance.restore import restoring
from insight.stages import Run
from insight.tables import ITEM_VOCABULARY
from jobs.maintain import main
from tests.small_lake import content, open_night
from tests.vocabulary import FIRST, SECOND, vocabulary_row, vocabulary_rows

RESTORE = restoring("item_vocabulary", 1)


def _publish(spark: SparkSession, folder: Path, day: object, *indices: int) -> Run:
    run = open_night(spark, folder, str(day))
    rows = vocabulary_rows(spark, *(vocabulary_row(n, FIRST) for n in indices))
    run.lake.publish(rows, ITEM_VOCABULARY, where=f"run_date = '{FIRST}'")
    return run


def test_a_restored_table_is_the_earlier_one_and_names_the_first_date_undone(
    spark: SparkSession, tmp_path: Path
) -> None:
    good = content(_publish(spark, tmp_path, FIRST, 2, 3), ITEM_VOCABULARY)
    for day in (SECOND, FIRST):
        _publish(spark, tmp_path, day, 4)
    run = open_night(spark, tmp_path, str(SECOND))
    run_stages((RESTORE,), run)
    assert content(run, ITEM_VOCABULARY) == good
    (commit,) = run.lake.past_commits(ITEM_VOCABULARY, limit=1)
    assert (commit.run_id, commit.run_date) == (run.run_id, str(FIRST))
    newest = run.lake.version(ITEM_VOCABULARY)
    stage = restoring("item_vocabulary", newest)
    assert run_stages((stage,), run)[-1].outcome == "skipped"
    with pytest.raises(StageOrderError, match="version 99 or a later one"):
        run_stages((restoring("item_vocabulary", 99),), run)


def test_a_version_whose_files_are_gone_is_not_restored(
    spark: SparkSession, tmp_path: Path
) -> None:
    run = _publish(spark, tmp_path, FIRST, 2, 3)
    (file,) = run.lake.read(ITEM_VOCABULARY).inputFiles()
    _publish(spark, tmp_path, SECOND, 4)
    before = content(run, ITEM_VOCABULARY)
    Path(urlsplit(file).path).unlink()
    with pytest.raises(TableDamagedError, match=Path(file).name):
        run_stages((RESTORE,), run)
    assert content(run, ITEM_VOCABULARY) == before


@pytest.mark.parametrize("name", ["evnets", "../events", "events`; DROP TABLE x; --"])
def test_only_a_table_of_the_lake_is_restored(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingsError, match="expected one of raw_events"):
        restoring(name, 1)
    assert main(["--restore", name, "--version", "1", "--date", str(FIRST)]) == 2
    assert "SettingsError" in capsys.readouterr().err


def test_a_restore_needs_a_table_and_a_version() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--restore", "events", "--date", str(FIRST)])
    assert ended.value.code == 2
