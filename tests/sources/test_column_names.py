"""Columns may have any name: it is quoted wherever it stands in SQL."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from pydantic import ValidationError
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.sources.check import check_file
from insight.sources.declaration import Feed
from insight.sources.inspection import check_columns
from insight.sources.reading import refuse_retyped_columns
from insight.sources.source import Source
from tests.sources.feeds import canonical, facts_of, feed_with, rows_of

APOSTROPHE, BACKTICK, DOT, RESERVED = "Date d'achat", "a`b", "unit.price", "rows"
BLANK = " order  no. "
NAMES = (APOSTROPHE, BACKTICK, DOT, RESERVED, BLANK)
COLUMNS = {APOSTROPHE: "timestamp", BACKTICK: "string", DOT: "double", RESERVED: "int"} | {
    BLANK: "string"
}
MAPPING = {
    "event_at": f"`{APOSTROPHE}`",
    "customer_id": "`a``b`",
    "price": f"`{DOT}`",
    "quantity": f"`{RESERVED}`",
    "order_id": f"`{BLANK}`",
}
ROW: tuple[str, ...] = ("2024-03-01 10:00:00", "anna", "2.5", "3", "7")
BAD: tuple[str, ...] = ("soon", "bob", "two", "x", "8")


def _feed(form: str) -> Feed:
    options = {"header": True} if form == "csv" else {}
    return feed_with(format=form, options=options, columns=COLUMNS, mapping=MAPPING)


def _write(folder: Path, form: str, *rows: tuple[str, ...]) -> Path:
    path = folder / f"1.{form}"
    if form == "csv":
        path.write_text("\n".join(",".join(row) for row in (NAMES, *rows)) + "\n")
    else:
        lines = [json.dumps(dict(zip(NAMES, row, strict=True))) for row in rows]
        path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("form", ["csv", "json"])
def test_any_name_is_read_checked_and_mapped(
    spark: SparkSession, tmp_path: Path, form: str
) -> None:
    feed, path = _feed(form), _write(tmp_path, form, ROW, BAD)
    check_columns(facts_of(spark, path, feed), feed, allow_new=False)
    rows = canonical(spark, path, feed).orderBy("price").collect()
    assert [(row["price"], row["quantity"]) for row in rows] == [(None, None), (2.5, 3.0)]
    assert json.loads(rows[0]["malformed"]) == {APOSTROPHE: "aaaa", DOT: "aaa", RESERVED: "a"}
    (check,) = check_file(
        spark, Source(source="shop", feeds=(feed,)), f"file:{path}", read_on=date(2024, 3, 1)
    )
    assert {problem.split(" are not")[0] for problem in check.problems} == {
        f"50.00% of values of {name}" for name in (APOSTROPHE, DOT, RESERVED)
    }
    with pytest.raises(SourceFormatError, match=f"column {APOSTROPHE}"):
        refuse_retyped_columns(rows_of(spark, path, feed), feed, max_share=0.4)


def test_parquet_and_nested_names_are_quoted_too(spark: SparkSession, tmp_path: Path) -> None:
    pq.write_table(pa.table({DOT: [2.5], BACKTICK: ["anna"]}), tmp_path / "1.parquet")
    feed = feed_with(
        format="parquet",
        columns={DOT: "double", BACKTICK: "string"},
        mapping={"price": f"`{DOT}`", "customer_id": "`a``b`"},
    )
    (row,) = canonical(spark, tmp_path / "1.parquet", feed).collect()
    assert row["price"] == 2.5 and row["customer_id"]
    nested = feed_with(
        columns={"l'objet": "array<struct<`prix d'un`: double, `a.b`: string>>"},
        explode="l'objet",
        mapping={"price": "`l'objet`.`prix d'un`", "item_id": "`l'objet`.`a.b`"},
    )
    lines = [{"l'objet": [{"prix d'un": "2.5", "a.b": "A"}, {"prix d'un": 3, "a.b": "B"}]}]
    (tmp_path / "1.json").write_text(json.dumps(lines[0]) + "\n")
    found = canonical(spark, tmp_path / "1.json", nested).orderBy("item_id").collect()
    assert [(r["item_id"], r["price"], r["malformed"]) for r in found] == [
        ("A", 2.5, None),
        ("B", 3.0, None),
    ]


def test_a_files_names_that_differ_in_case_are_told_apart_or_refused(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "1.csv").write_text("ITEM,item,Item\nx,A,y\n")
    feed = feed_with(format="csv", options={"header": True}, ignored=["ITEM", "Item"])
    check_columns(facts_of(spark, tmp_path / "1.csv", feed), feed, allow_new=False)
    assert [row["item"] for row in rows_of(spark, tmp_path / "1.csv", feed).collect()] == ["A"]
    pq.write_table(pa.table({"ITEM": ["x"], "item": ["A"]}), tmp_path / "1.parquet")
    facts = facts_of(spark, tmp_path / "1.parquet", feed_with(format="parquet"))
    assert facts.problem == "columns that differ in case alone, at positions [1, 2]"
    assert "Spark takes them for one" in str(facts.remedy)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"Id": "string", "id": "string"}, "differ in case alone.*: Id, id"),
        ({"POSITION": "int"}, "must not be called POSITION"),
        ({"_Metadata": "string"}, "must not be called _Metadata"),
        ({"_row": "string"}, "must not be called _row"),
        ({" ": "string"}, "without control characters"),
        ({"a\nb": "string"}, "without control characters"),
        ({}, "no columns are declared"),
    ],
)
def test_names_that_spark_takes_for_others_are_refused(
    columns: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        feed_with(format="csv", columns=columns, mapping={})


@pytest.mark.parametrize("escape", ["\\", '"'])
def test_a_quote_within_a_name_has_one_meaning_or_is_refused(
    spark: SparkSession, tmp_path: Path, escape: str
) -> None:
    path = tmp_path / "1.csv"
    path.write_text('item,"6"" pipe"\nA,x\n')
    feed = feed_with(
        format="csv",
        options={"header": True, "escape": escape},
        columns={"item": "string", '6" pipe': "string"},
    )
    facts = facts_of(spark, path, feed)
    if escape == "\\":
        assert "no one meaning" in str(facts.problem) and "escape: '\"'" in str(facts.remedy)
        return
    (row,) = rows_of(spark, path, feed).collect()
    assert (row["item"], row['6" pipe']) == ("A", "x")


def test_escapes_in_a_first_line_of_data_are_not_counted_as_fields(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "1.csv"
    path.write_text('"a\\"b,c",x\n')
    feed = feed_with(format="csv", columns={"item": "string", "note": "string"})
    assert facts_of(spark, path, feed).problem is None
    (row,) = rows_of(spark, path, feed).collect()
    assert (row["item"], row["note"]) == ('a"b,c', "x")


def test_a_proposal_quotes_the_name_as_a_mapping_must(spark: SparkSession, tmp_path: Path) -> None:
    price = {"price": "`a``b`"}
    feed = feed_with(format="json", options={}, columns={BACKTICK: "double"}, mapping=price)
    path = tmp_path / "1.json"
    path.write_text(json.dumps({BACKTICK: "1,5"}) + "\n")
    source = Source(source="shop", feeds=(feed,))
    (check,) = check_file(spark, source, f"file:{path}", read_on=date(2024, 3, 1))
    assert [yaml.safe_load(line) for line in check.proposals] == [
        {"columns": {BACKTICK: "string"}},
        {"mapping": {"price": "replace(`a``b`, ',', '.')"}},
    ]
