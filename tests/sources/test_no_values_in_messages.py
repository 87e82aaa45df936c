"""Whatever is wrong with a file, no message about it repeats a value of its rows."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from insight.errors import InsightError, SourceFormatError
from insight.faults import explain, without_values
from insight.sources.check import check_file
from insight.sources.columns import new_columns
from insight.sources.declaration import Feed
from insight.sources.inspection import check_columns, inspect_files
from insight.sources.reading import read_rows, refuse_retyped_columns
from insight.sources.source import Source
from tests.sources.feeds import feed_with

CANARY = "zq-17850-anna"
NIGHT = date(2024, 3, 10)
COLUMNS = {"who": "string", "item": "string", "price": "double"}
MAPPING = {"customer_id": "who", "item_id": "item", "price": "price"}
CSV = feed_with(
    format="csv", columns=COLUMNS, mapping=MAPPING, options={"header": "true", "multiLine": "true"}
)
BARE = feed_with(format="csv", columns=COLUMNS, mapping=MAPPING)
JSON = feed_with(columns=COLUMNS, mapping=MAPPING)
PARQUET = feed_with(format="parquet", columns=COLUMNS, mapping=MAPPING)


def _text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content)


def _table(**columns: list[object]) -> Callable[[Path], object]:
    return lambda path: pq.write_table(pa.table(columns), path)


CASES: dict[str, tuple[Feed, Callable[[Path], object], str]] = {
    "no header": (CSV, _text(f"{CANARY},tea,2.5\n"), "3 columns without a declared name"),
    "no header, one value twice": (
        CSV,
        _text(f"{CANARY},{CANARY},2.5\n"),
        "a column twice in the header, at positions [1, 2]",
    ),
    "an id among the headers": (
        CSV,
        _text(f"who,item,price,{CANARY}\n"),
        "1 column without a declared name, at position 4",
    ),
    "too few fields, no header": (BARE, _text(f"{CANARY},tea\n"), "2 fields in the first line"),
    "too few fields": (CSV, _text(f"who,item,price\n{CANARY},2.5\n"), "not whole rows"),
    "another column's value": (CSV, _text(f"who,item,price\ntea,2.5,{CANARY}\n"), "not double"),
    "an id as a key": (
        JSON,
        _text(f'{{"who": "a", "item": "b", "price": 1, "{CANARY}": 1}}\n'),
        "1 column without a declared name, at position 4",
    ),
    "a cut line": (JSON, _text(f'{{"who": "{CANARY}", "item'), "JSONDecodeError at character"),
    "no object": (
        JSON,
        _text(f'"{CANARY}"\n{{"who": "a", "item": "b", "price": 1}}\n'),
        "not whole rows",
    ),
    "a text for a number": (
        JSON,
        _text(f'{{"who": "a", "item": "b", "price": "{CANARY}"}}\n'),
        "not double",
    ),
    "an id as a parquet column": (
        PARQUET,
        _table(**{"who": ["a"], "item": ["b"], "price": [1.0], CANARY: [1]}),
        "1 column without a declared name, at position 4",
    ),
    "a retyped parquet column": (
        PARQUET,
        _table(who=["a"], item=["b"], price=[CANARY]),
        "price is string, not double",
    ),
    "no parquet": (PARQUET, _text(CANARY * 10), "ArrowInvalid"),
}


def _refusal(spark: SparkSession, file: str, feed: Feed) -> InsightError | None:
    try:
        facts = inspect_files(spark, [file], feed)
        check_columns(facts[0], feed, allow_new=False)
        refuse_retyped_columns(read_rows(spark, feed, facts), feed, max_share=0.05)
    except SourceFormatError as error:
        return error
    return None


@pytest.mark.parametrize("case", CASES)
def test_no_refusal_repeats_a_value(spark: SparkSession, tmp_path: Path, case: str) -> None:
    feed, write, reason = CASES[case]
    write(tmp_path / "delivery")
    file = f"file:{tmp_path}/delivery"
    refused = _refusal(spark, file, feed)
    assert refused is not None and reason in refused.found
    assert CANARY not in str(refused)
    (seen,) = check_file(spark, Source(source="shop", feeds=(feed,)), file, read_on=NIGHT)
    assert seen.problems
    assert CANARY not in str((seen.problems, seen.notes))
    if seen.rows is not None:
        assert CANARY not in str(seen.rows.collect())


def test_a_new_column_is_named_beside_declared_ones_and_many_are_counted() -> None:
    declared = dict.fromkeys(("who", "item", "price"), "string")
    assert new_columns(CSV, declared, {**declared, "Sales channel": ""}) == [
        "a new column Sales channel"
    ]
    others = {f"{n}@example.org": "" for n in range(12)}
    assert new_columns(CSV, declared, {"who": "", **others}) == [
        "12 columns without a declared name, at position 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ..."
    ]


@pytest.mark.parametrize("option", ["mode", "badRecordsPath", "columnNameOfCorruptRecord"])
def test_a_source_cannot_have_spark_quote_its_rows(option: str) -> None:
    with pytest.raises(ValidationError, match=f"{option} is set by the reader itself"):
        feed_with(options={option: "FAILFAST"})


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            f"[CAST_INVALID_INPUT] The value '{CANARY}' of the type \"STRING\" cannot be cast",
            "[CAST_INVALID_INPUT] The value [value] of the type [value] cannot be cast",
        ),
        (
            f"Malformed records are detected in record parsing: [{CANARY},tea]. Parse Mode: X",
            "Malformed records are detected in record parsing: [value]. Parse Mode: X",
        ),
        (
            f"CHECK constraint x (a > 0) violated by row with values:\nValues:\n - who : {CANARY}",
            "CHECK constraint x (a > 0) violated by row with values:\nValues:[value]",
        ),
        (f"can't read b'{CANARY}' as 'INT'", "can't read b[value] as [value]"),
        ("no date: 'Anna O'Brien', ''", "no date: [value], [value]"),
        ("ValueError: 17850 of anna@example.org", "ValueError: [value] of [value]"),
        (
            '  File "/a/b.py", line 12345, in f\n    x["who"]\nKeyError: \'zq\'',
            '  File "/a/b.py", line 12345, in f\n    x["who"]\nKeyError: [value]',
        ),
    ],
)
def test_an_engines_message_loses_its_values_and_keeps_its_sense(
    message: str, expected: str
) -> None:
    assert without_values(message) == expected


def test_what_an_engine_calls_damage_is_told_without_the_record() -> None:
    error = ValueError(f"Malformed records are detected in record parsing: [{CANARY}]. Parse Mode")
    found = explain(error, subject="stage ingest", landing="file:/landing")
    assert found is not None and CANARY not in str(found)
