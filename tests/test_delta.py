"""The door to Delta: nothing broken passes, and only what was named is replaced."""

import json
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.contract import audit, conform
from insight.delta import Lake
from insight.errors import (
    EmptyInputError,
    RunConflictError,
    StageOrderError,
    TableContractError,
    TableDamagedError,
)
from insight.tables import ITEM_VOCABULARY, ITEMS
from tests.frames import frame

FIRST, SECOND = date(2024, 3, 9), date(2024, 3, 10)


def _row(index: int, day: date = FIRST, **changes: Any) -> dict[str, Any]:
    row = {
        "item_id": f"item {index}",
        "item_index": index,
        "category": "drinks",
        "category_index": 2,
        "event_count": 5,
        "run_date": day,
    }
    return {**row, **changes}


def _rows(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    return frame(spark, ITEM_VOCABULARY, *rows)


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
        lake.publish(_rows(spark, _row(2, day), _row(3, day)), ITEM_VOCABULARY, where=_where(day))
    return folder


def test_columns_come_in_the_tables_order(spark: SparkSession) -> None:
    turned = _rows(spark, _row(2)).select(*reversed(ITEM_VOCABULARY.column_names))
    assert conform(turned, ITEM_VOCABULARY).columns == ITEM_VOCABULARY.column_names


def test_missing_extra_and_mistyped_columns_are_all_named(spark: SparkSession) -> None:
    wrong = (
        _rows(spark, _row(2))
        .drop("category")
        .withColumn("colour", F.lit("red"))
        .withColumn("item_index", F.lit(2).cast("int"))
    )
    with pytest.raises(TableContractError) as refused:
        conform(wrong, ITEM_VOCABULARY)
    assert refused.value.found == (
        "category missing; colour not promised; item_index is int, not bigint"
    )
    assert refused.value.subject == "table item_vocabulary"
    assert refused.value.exit_code == 2


def test_an_audit_counts_rows_and_hashes_them_in_any_order(spark: SparkSession) -> None:
    rows = [_row(2), _row(3), _row(4)]
    found = [
        audit(_rows(spark, *these), ITEM_VOCABULARY, "test")
        for these in (rows, rows[::-1], [*rows[:2], _row(4, event_count=6)], [])
    ]
    assert found[0] == found[1]
    assert [count for count, _ in found] == [3, 3, 3, 0]
    assert len({content for _, content in found}) == 3


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([_row(2), _row(3, category=None)], "1 rows with null in category"),
        ([_row(2), _row(1), _row(0)], "2 rows with index_from_two broken"),
        ([_row(2), _row(3, item_id="item 2")], "key ('item 2', datetime.date(2024, 3, 9)) 2 times"),
    ],
)
def test_an_audit_names_the_promise_that_is_broken(
    spark: SparkSession, rows: list[dict[str, Any]], found: str
) -> None:
    loose = spark.createDataFrame(
        [tuple(row.values()) for row in rows],
        "item_id string, item_index bigint, category string, category_index bigint, "
        "event_count bigint, run_date date",
    )
    with pytest.raises(TableContractError) as refused:
        audit(loose, ITEM_VOCABULARY, "table item_vocabulary of tonight")
    assert refused.value.found == found
    assert refused.value.subject == "table item_vocabulary of tonight"


def test_a_publication_replaces_only_the_rows_it_names(spark: SparkSession, folder: Path) -> None:
    lake = _lake(spark, folder, "three")
    other = lake.read(ITEM_VOCABULARY).where(_where(SECOND)).inputFiles()
    commit = lake.publish(_rows(spark, _row(7)), ITEM_VOCABULARY, where=_where(FIRST))
    assert _items(lake) == [("item 7", FIRST), ("item 2", SECOND), ("item 3", SECOND)]
    assert lake.read(ITEM_VOCABULARY).where(_where(SECOND)).inputFiles() == other
    assert commit.rows == 1
    assert not (folder / "lake" / "_staging" / "three").exists() or not any(
        (folder / "lake" / "_staging" / "three").iterdir()
    )


def test_a_commit_says_which_run_made_it_of_what(spark: SparkSession, folder: Path) -> None:
    lake = _lake(spark, folder, "four", SECOND)
    lake.begin_stage([ITEM_VOCABULARY, ITEMS])
    before = lake.version(ITEM_VOCABULARY)
    rows = _rows(spark, _row(2, SECOND), _row(3, SECOND))
    commit = lake.publish(rows, ITEM_VOCABULARY, where=_where(SECOND))
    history = DeltaTable.forPath(spark, lake.path(ITEM_VOCABULARY)).history(1).first()
    assert history is not None
    assert json.loads(history["userMetadata"]) == {
        "run_id": "four",
        "run_date": SECOND.isoformat(),
        "content_hash": commit.content_hash,
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
        lake.publish(_rows(spark, _row(2, SECOND)), ITEM_VOCABULARY, where=_where(FIRST))
    assert _items(lake) == before


def test_an_empty_result_replaces_what_was_there_unless_rows_are_due(
    spark: SparkSession, folder: Path
) -> None:
    day = date(2024, 3, 11)
    lake = _lake(spark, folder, "six", day)
    lake.publish(_rows(spark, _row(2, day)), ITEM_VOCABULARY, where=_where(day))
    with pytest.raises(EmptyInputError, match=r"item_vocabulary .*found no rows"):
        lake.publish(_rows(spark), ITEM_VOCABULARY, where=_where(day), allow_empty=False)
    assert ("item 2", day) in _items(lake)
    lake.publish(_rows(spark), ITEM_VOCABULARY, where=_where(day))
    assert ("item 2", day) not in _items(lake)
    # Nothing for nothing is no commit.
    before = lake.version(ITEM_VOCABULARY)
    assert lake.publish(_rows(spark), ITEM_VOCABULARY, where=_where(day)).version == before


@pytest.mark.parametrize("day", [FIRST, SECOND])
def test_another_run_that_publishes_first_wins(
    spark: SparkSession, folder: Path, day: date
) -> None:
    slow, quick = _lake(spark, folder, "slow"), _lake(spark, folder, f"quick {day}", day)
    slow.begin_stage([ITEM_VOCABULARY])
    winner = quick.publish(_rows(spark, _row(8, day)), ITEM_VOCABULARY, where=_where(day))
    with pytest.raises(RunConflictError) as refused:
        slow.publish(_rows(spark, _row(9)), ITEM_VOCABULARY, where=_where(FIRST))
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
    other.publish(_rows(spark), ITEM_VOCABULARY, where=_where(FIRST))
    assert lake.read(ITEM_VOCABULARY).count() == before
    lake.begin_stage()
    assert lake.read(ITEM_VOCABULARY).count() < before
    other.publish(_rows(spark, _row(2)), ITEM_VOCABULARY, where=_where(FIRST))


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
        _rows(spark, _row(1)).write.format("delta").mode("append").save(path)


def test_a_lost_data_file_is_named_and_nothing_is_published(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = _lake(spark, tmp_path, "one")
    lake.publish(_rows(spark, _row(2)), ITEM_VOCABULARY, where=_where(FIRST))
    lake.begin_stage([ITEM_VOCABULARY])
    rows = lake.read(ITEM_VOCABULARY)
    (lost,) = rows.inputFiles()
    Path(urlsplit(lost).path).unlink()
    with pytest.raises(TableDamagedError) as refused:
        lake.publish(rows, ITEM_VOCABULARY, where=_where(FIRST))
    assert lost.rsplit("/", 1)[-1] in refused.value.found
    assert "nothing was published" in refused.value.next_step
    assert lake.version(ITEM_VOCABULARY) == 1
