"""A frame is held against its table's contract: columns, nulls, checks, key."""

from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight import contract
from insight.contract import NOTHING, audit, conform
from insight.errors import TableContractError
from insight.local_frames import local_frame
from insight.tables import ITEM_VOCABULARY
from tests.vocabulary import vocabulary_row, vocabulary_rows


def test_columns_come_in_the_tables_order(spark: SparkSession) -> None:
    turned = vocabulary_rows(spark, vocabulary_row(2)).select(
        *reversed(ITEM_VOCABULARY.column_names)
    )
    assert conform(turned, ITEM_VOCABULARY).columns == ITEM_VOCABULARY.column_names


def test_missing_extra_and_mistyped_columns_are_all_named(spark: SparkSession) -> None:
    wrong = (
        vocabulary_rows(spark, vocabulary_row(2))
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
    rows = [vocabulary_row(2), vocabulary_row(3), vocabulary_row(4)]
    found = [
        audit(vocabulary_rows(spark, *these), ITEM_VOCABULARY, "test")
        for these in (rows, rows[::-1], [*rows[:2], vocabulary_row(4, event_count=6)], [])
    ]
    assert found[0] == found[1]
    assert [count for count, _ in found] == [3, 3, 3, 0]
    assert found[3] == NOTHING
    assert len({content for _, content in found}) == 3


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([vocabulary_row(2), vocabulary_row(3, category=None)], "1 rows with null in category"),
        (
            [vocabulary_row(2), vocabulary_row(1), vocabulary_row(0)],
            "2 rows with index_from_two broken",
        ),
        (
            [vocabulary_row(2), vocabulary_row(3, item_id="item 2")],
            "a key (item_id, run_date) 2 times",
        ),
    ],
)
def test_an_audit_names_the_promise_that_is_broken(
    spark: SparkSession, rows: list[dict[str, Any]], found: str
) -> None:
    loose = local_frame(
        spark,
        [tuple(row.values()) for row in rows],
        "item_id string, item_index bigint, category string, category_index bigint, "
        "event_count bigint, run_date date",
    )
    with pytest.raises(TableContractError) as refused:
        audit(loose, ITEM_VOCABULARY, "table item_vocabulary of tonight")
    assert refused.value.found == found
    assert refused.value.subject == "table item_vocabulary of tonight"


@pytest.mark.parametrize(("large", "size"), [(1, None), (4, None), (4, 3)])
def test_a_key_that_is_there_twice_is_found_in_tables_of_any_size(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, large: int, size: int | None
) -> None:
    monkeypatch.setattr(contract, "_LARGE", large)
    rows = vocabulary_rows(spark, *(vocabulary_row(n) for n in (2, 3, 4)))
    assert audit(rows, ITEM_VOCABULARY, "sound", size=size)[0] == 3
    # The same item of another night is another key; so is another item of this one.
    twice = vocabulary_rows(
        spark,
        vocabulary_row(2),
        vocabulary_row(3),
        vocabulary_row(4, item_id="item 3"),
        vocabulary_row(5, item_id="item 3", run_date=date(2024, 3, 1)),
    )
    with pytest.raises(TableContractError) as refused:
        audit(twice, ITEM_VOCABULARY, "table item_vocabulary", size=size)
    assert refused.value.found == "a key (item_id, run_date) 2 times"


def test_keys_whose_hashes_meet_by_chance_are_told_apart(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "_LARGE", 1)
    monkeypatch.setattr(contract.F, "xxhash64", lambda *_: F.lit(7).cast("bigint"))
    rows = vocabulary_rows(spark, vocabulary_row(2), vocabulary_row(3))
    assert audit(rows, ITEM_VOCABULARY, "sound")[0] == 2
