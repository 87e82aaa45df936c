"""The door to Delta: nothing broken passes, and only what was named is replaced."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from insight.delta import Lake
from insight.errors import (
    DataQualityError,
    EmptyInputError,
    RunConflictError,
    StageOrderError,
    TableContractError,
    TableDamagedError,
)
from insight.lease import Lease
from insight.local_frames import local_frame
from insight.tables import ITEM_VOCABULARY, ITEMS, RUN_LOG
from tests.vocabulary import FIRST, SECOND, vocabulary_row, vocabulary_rows


def _lake(spark: SparkSession, folder: Path, run_id: str, day: date = FIRST) -> Lake:
    facts = {"code_version": "1"}
    return Lake(spark, str(folder / "lake"), str(folder / "landing"), run_id, day, facts)


def _where(day: date) -> str:
    return f"run_date = '{day}'"


def _items(lake: Lake) -> list[tuple[str, date]]:
    lake.begin_stage()
    rows = lake.read(ITEM_VOCABULARY).orderBy("run_date", "item_index").collect()
    return [(row["item_id"], row["run_date"]) for row in rows]


@pytest.fixture(scope="module")
def folder(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with two dates of one table, each published by a run of its own."""
    folder = tmp_path_factory.mktemp("door")
    for day, run_id in ((FIRST, "one"), (SECOND, "two")):
        lake = _lake(spark, folder, run_id, day)
        lake.begin_stage([ITEM_VOCABULARY, ITEMS])
        lake.publish(
            vocabulary_rows(spark, vocabulary_row(2, day), vocabulary_row(3, day)),
            ITEM_VOCABULARY,
            where=_where(day),
        )
    return folder


def test_a_publication_replaces_only_the_rows_it_names(spark: SparkSession, folder: Path) -> None:
    lake = _lake(spark, folder, "three")
    other = lake.files(ITEM_VOCABULARY, {"run_date": str(SECOND)})
    commit = lake.publish(
        vocabulary_rows(spark, vocabulary_row(7)), ITEM_VOCABULARY, where=_where(FIRST)
    )
    assert _items(lake) == [("item 7", FIRST), ("item 2", SECOND), ("item 3", SECOND)]
    assert lake.files(ITEM_VOCABULARY, {"run_date": str(SECOND)}) == other
    assert commit.rows == 1


def test_a_commit_says_which_run_made_it_of_what(spark: SparkSession, folder: Path) -> None:
    lake = _lake(spark, folder, "four", SECOND)
    lake.begin_stage([ITEM_VOCABULARY, ITEMS])
    before = lake.version(ITEM_VOCABULARY)
    rows = vocabulary_rows(spark, vocabulary_row(2, SECOND), vocabulary_row(3, SECOND))
    commit = lake.publish(rows, ITEM_VOCABULARY, where=_where(SECOND))
    history = DeltaTable.forPath(spark, lake.path(ITEM_VOCABULARY)).history(1).first()
    assert history is not None
    assert json.loads(history["userMetadata"]) == {
        "run_id": "four",
        "run_date": SECOND.isoformat(),
        "content_hash": commit.content_hash,
        "where": _where(SECOND),
        # The items' table was not there, so no version of it was read.
        "inputs": {"item_vocabulary": before},
        "code_version": "1",
    }
    (past,) = lake.past_commits(ITEM_VOCABULARY, limit=1)
    assert (past.version, past.run_id, past.inputs) == (
        commit.version,
        "four",
        {"item_vocabulary": before},
    )


def test_rows_outside_the_predicate_are_refused(spark: SparkSession, folder: Path) -> None:
    lake = _lake(spark, folder, "five")
    before = _items(lake)
    with pytest.raises(TableContractError, match="1 rows with run_date = '2024-03-09' not true"):
        lake.publish(
            vocabulary_rows(spark, vocabulary_row(2, SECOND)), ITEM_VOCABULARY, where=_where(FIRST)
        )
    assert _items(lake) == before


def test_a_refused_publication_leaves_no_file_behind(spark: SparkSession, folder: Path) -> None:
    lake = _lake(spark, folder, "tidy")
    before = set((folder / "lake" / "item_vocabulary").rglob("*.parquet"))
    with pytest.raises(TableContractError, match=r"key .* 2 times"):
        lake.publish(
            vocabulary_rows(spark, vocabulary_row(2), vocabulary_row(2)),
            ITEM_VOCABULARY,
            where=_where(FIRST),
        )
    assert set((folder / "lake" / "item_vocabulary").rglob("*.parquet")) == before


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (vocabulary_row(0), r"CHECK constraint index_from_two \(item_index >= 2\)"),
        (vocabulary_row(2, category=None), "NOT NULL constraint violated for column: category"),
    ],
)
def test_a_row_that_breaks_a_promise_is_not_even_written(
    spark: SparkSession, folder: Path, row: dict[str, Any], found: str
) -> None:
    lake = _lake(spark, folder, "broken")
    loose = local_frame(
        spark,
        [tuple(row.values())],
        "item_id string, item_index bigint, category string, category_index bigint, "
        "event_count bigint, run_date date",
    )
    with pytest.raises(TableContractError, match=found) as refused:
        lake.publish(loose, ITEM_VOCABULARY, where=_where(FIRST))
    assert refused.value.exit_code == 2


def test_an_empty_result_replaces_what_was_there_unless_rows_are_due(
    spark: SparkSession, folder: Path
) -> None:
    day = date(2024, 3, 11)
    lake = _lake(spark, folder, "six", day)
    lake.publish(vocabulary_rows(spark, vocabulary_row(2, day)), ITEM_VOCABULARY, where=_where(day))
    with pytest.raises(EmptyInputError, match=r"item_vocabulary .*found no rows"):
        lake.publish(vocabulary_rows(spark), ITEM_VOCABULARY, where=_where(day), rows="some")
    with pytest.raises(DataQualityError, match=r"1 rows written.*expected 2"):
        other = vocabulary_rows(spark, vocabulary_row(3, day))
        lake.publish(other, ITEM_VOCABULARY, where=_where(day), rows=2)
    assert ("item 2", day) in _items(lake)
    assert ("item 3", day) not in _items(lake)
    lake.publish(vocabulary_rows(spark), ITEM_VOCABULARY, where=_where(day))
    assert ("item 2", day) not in _items(lake)
    # Nothing for nothing is no commit.
    before = lake.version(ITEM_VOCABULARY)
    assert (
        lake.publish(vocabulary_rows(spark), ITEM_VOCABULARY, where=_where(day)).version == before
    )


@pytest.mark.parametrize("day", [FIRST, SECOND])
def test_another_run_that_publishes_first_wins(
    spark: SparkSession, folder: Path, day: date
) -> None:
    slow, quick = _lake(spark, folder, "slow"), _lake(spark, folder, f"quick {day}", day)
    slow.begin_stage([ITEM_VOCABULARY])
    winner = quick.publish(
        vocabulary_rows(spark, vocabulary_row(8, day)), ITEM_VOCABULARY, where=_where(day)
    )
    with pytest.raises(RunConflictError) as refused:
        slow.publish(
            vocabulary_rows(spark, vocabulary_row(9)), ITEM_VOCABULARY, where=_where(FIRST)
        )
    assert refused.value.found == f"version {winner.version} of {day} by run quick {day}"
    assert refused.value.exit_code == 1
    assert ("item 8", day) in _items(slow)
    assert ("item 9", FIRST) not in _items(slow)


def test_a_stage_reads_the_version_there_was_when_it_began(
    spark: SparkSession, folder: Path
) -> None:
    lake, other = _lake(spark, folder, "reader"), _lake(spark, folder, "writer")
    lake.begin_stage([ITEM_VOCABULARY])
    before = lake.read(ITEM_VOCABULARY).count()
    other.publish(vocabulary_rows(spark), ITEM_VOCABULARY, where=_where(FIRST))
    assert lake.read(ITEM_VOCABULARY).count() == before
    lake.begin_stage()
    assert lake.read(ITEM_VOCABULARY).count() < before
    other.publish(vocabulary_rows(spark, vocabulary_row(2)), ITEM_VOCABULARY, where=_where(FIRST))


def test_a_table_never_written_is_named_with_the_stage_to_run(
    spark: SparkSession, folder: Path
) -> None:
    lake = _lake(spark, folder, "early")
    with pytest.raises(StageOrderError, match=r"table items .*no such table"):
        lake.read(ITEMS)
    assert lake.read_or_empty(ITEMS).isEmpty()
    assert not lake.exists(ITEMS)


def test_delta_itself_holds_the_checks(spark: SparkSession, folder: Path) -> None:
    path = _lake(spark, folder, "past the door").path(ITEM_VOCABULARY)
    with pytest.raises(Exception, match="index_from_two"):
        vocabulary_rows(spark, vocabulary_row(1)).write.format("delta").mode("append").save(path)


def test_a_lost_data_file_is_named_and_nothing_is_published(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = _lake(spark, tmp_path, "one")
    lake.publish(vocabulary_rows(spark, vocabulary_row(2)), ITEM_VOCABULARY, where=_where(FIRST))
    lake.begin_stage([ITEM_VOCABULARY])
    rows = lake.read(ITEM_VOCABULARY)
    (lost,) = rows.inputFiles()
    Path(urlsplit(lost).path).unlink()
    with pytest.raises(TableDamagedError) as refused:
        lake.publish(rows, ITEM_VOCABULARY, where=_where(FIRST))
    assert lost.rsplit("/", 1)[-1] in refused.value.found
    assert "nothing was published" in refused.value.next_step
    assert lake.version(ITEM_VOCABULARY) == 1


class LostLease(Lease):
    def __init__(self) -> None:
        self.subjects: list[str] = []

    def refuse_lost(self, subject: str) -> None:
        self.subjects.append(subject)
        raise RunConflictError(subject, found="another run's term", expected="b", next_step="c")


def test_a_run_without_its_lease_neither_creates_a_table_nor_adds_to_one(
    spark: SparkSession, tmp_path: Path
) -> None:
    before, lost = _lake(spark, tmp_path, "before"), _lake(spark, tmp_path, "lost")
    no_rows = local_frame(spark, [], RUN_LOG.schema)
    before.append(no_rows, RUN_LOG)
    version = before.version(RUN_LOG)
    lost.lease = lease = LostLease()
    with pytest.raises(RunConflictError, match="table run_log"):
        lost.append(no_rows, RUN_LOG)
    rows = vocabulary_rows(spark, vocabulary_row(2))
    for write in (lost.publish, lambda *_, where: lost.clear(ITEM_VOCABULARY, where=where)):
        with pytest.raises(RunConflictError, match="table item_vocabulary"):
            write(rows, ITEM_VOCABULARY, where=_where(FIRST))
    before.begin_stage()
    assert before.version(RUN_LOG) == version
    assert not (tmp_path / "lake" / "item_vocabulary").exists()
    assert lease.subjects == ["table run_log", *["table item_vocabulary"] * 2]
