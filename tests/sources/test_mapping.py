"""Rows are read by name and kept as found; what does not parse is not lost and leaks no id."""

import gzip
import json
from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.local_frames import local_frame
from insight.sources.inspection import inspect_files
from insight.sources.mapping import to_canonical
from insight.sources.reading import read_rows, refuse_retyped_columns
from tests.sources.feeds import (
    DAY,
    KEY,
    RETAIL,
    canonical,
    csv_file,
    event,
    feed_of,
    feed_with,
    json_file,
    rows_of,
    values_of,
)


def test_of_values_that_do_not_parse_the_shape_is_kept_and_of_ids_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = csv_file(
        tmp_path,
        "536365,A,X,six,2010-12-01 08:26:00,2.55,17850.0,UK",
        "536366,A,X,6,2010-12-01 08:26:00,2.55,Anna Smith,UK",
        "536367,A,X,6,2010-12-01 08:26:00,2.55,17850.0",
        "536368,A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK,more",
        "536369,A,X,,2010-12-01 08:26:00,2.55,,UK",
    )
    rows = rows_of(spark, path, feed_of("online_retail")).collect()
    assert [json.loads(row["malformed"] or "null") for row in rows] == [
        {"Quantity": "aaa"},
        {"CustomerID": "<redacted>"},
        {"_row": "wrong number of fields"},
        {"_row": "wrong number of fields"},
        None,
    ]
    assert [row["Quantity"] for row in rows] == [None, 6, None, None, None]
    # A torn row's fields may stand one column off: no value of it is kept, so no id is.
    assert all(value is None for name, value in rows[2].asDict().items() if name in RETAIL)


def test_columns_are_found_by_name_whatever_their_order(
    spark: SparkSession, tmp_path: Path
) -> None:
    header = (
        "Country,UnitPrice,InvoiceNo,Channel,StockCode,Description,Quantity,InvoiceDate,CustomerID"
    )
    turned = csv_file(
        tmp_path, "UK,2.55,536365,web,A,X,6,2010-12-01 08:26:00,17850.0", header=header
    )
    usual = csv_file(tmp_path, "536366,B,Y,1,2010-12-02 08:26:00,1.0,,UK", name="2010-12-02.csv")
    feed = feed_of("online_retail")
    facts = inspect_files(spark, [f"file:{turned}", f"file:{usual}"], feed)
    rows = read_rows(spark, feed, facts).orderBy("InvoiceNo")
    actual = rows.select("InvoiceNo", "StockCode", "Quantity", "UnitPrice", "Country", "malformed")
    expected = local_frame(
        spark,
        [("536365", "A", 6, 2.55, "UK", None), ("536366", "B", 1, 1.0, "UK", None)],
        "InvoiceNo string, StockCode string, Quantity int, UnitPrice double, Country string, "
        "malformed string",
    )
    assert_df_equality(actual, expected)


def test_zipped_files_and_quoted_line_breaks_are_read(spark: SparkSession, tmp_path: Path) -> None:
    text = f'{RETAIL}\n536365,A,"TWO\nLINES",6,2010-12-01 08:26:00,2.55,,UK\n'
    path = tmp_path / "2010-12-01.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    rows = rows_of(spark, path, feed_of("online_retail")).collect()
    assert [(row["Description"], row["malformed"]) for row in rows] == [("TWO\nLINES", None)]


def test_equal_lines_are_one_event_and_others_are_not(spark: SparkSession, tmp_path: Path) -> None:
    line = "536365,A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK"
    path = csv_file(tmp_path, line, line, line.replace("2.55", "2.56"), line.replace("17850.0", ""))
    ids = [row["event_id"] for row in canonical(spark, path, feed_of("online_retail")).collect()]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_the_same_line_in_another_file_is_the_same_event(
    spark: SparkSession, tmp_path: Path
) -> None:
    line = "536365,A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK"
    paths = [csv_file(tmp_path, line), csv_file(tmp_path, line, name="2010-12-02.csv")]
    events = [canonical(spark, path, feed_of("online_retail")).first() for path in paths]
    assert all(events) and events[0]["event_id"] == events[1]["event_id"]  # type: ignore[index]


@pytest.mark.parametrize(("sound", "is_refused"), [(19, False), (18, True)])
def test_a_column_that_changed_its_type_is_named_with_its_share(
    spark: SparkSession, tmp_path: Path, sound: int, is_refused: bool
) -> None:
    good = ["536365,A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK"] * sound
    path = csv_file(tmp_path, *good, "536365,A,X,6,2010-12-01 08:26:00,cheap,17850.0,UK")
    feed = feed_of("online_retail")
    rows = rows_of(spark, path, feed)
    if not is_refused:
        refuse_retyped_columns(rows, feed, max_share=0.05)
        return
    with pytest.raises(SourceFormatError, match="column UnitPrice") as refused:
        refuse_retyped_columns(rows, feed, max_share=0.05)
    assert "5% of its values are not double" in refused.value.found
    assert "2010-12-01.csv" in refused.value.subject


def test_blank_is_nobody_and_blanks_around_a_customer_are_no_part_of_the_name(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(columns={"who": "string"}, mapping={"customer_id": "who"})
    names = ("anna", " anna ", "", "  ", None)
    path = json_file(tmp_path, *({"who": name} for name in names))
    found = [row["customer_id"] for row in canonical(spark, path, feed).collect()]
    assert found[2:] == [None] * 3
    assert found[0] == found[1]
    assert len(found[0]) == 32


def test_a_currency_comes_from_the_row_or_else_from_the_declaration(
    spark: SparkSession, tmp_path: Path
) -> None:
    mapped = {"item_id": "item", "price": "1.0D", "currency": "code"}
    feed = feed_with(columns={"item": "string", "code": "string"}, mapping=mapped)
    codes = (" usd", "JPY", " ", None)
    path = json_file(tmp_path, *({"item": str(n), "code": code} for n, code in enumerate(codes)))
    plain, declared = (
        canonical(spark, path, each) for each in (feed, feed.model_copy(update={"currency": "GBP"}))
    )
    names = ("item_id", "currency", "event_id")
    found, filled = values_of(plain, *names), values_of(declared, *names)
    assert [row[1] for row in found] == ["USD", "JPY", None, None]
    assert [row[1] for row in filled] == ["USD", "JPY", "GBP", "GBP"]
    # A declaration tells no two rows apart: events keep their ids when one is added.
    assert [row[2] for row in found] == [row[2] for row in filled]


def test_two_sources_that_both_count_from_one_share_no_id(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(columns={"id": "string"}, mapping={"event_id": "id"})
    rows = rows_of(spark, json_file(tmp_path, {"id": "1"}), feed)
    ids = {
        to_canonical(rows, feed, source=name, key=KEY, run_date=DAY).first()["event_id"]
        for name in ("shop", "market")
    }
    assert ids == {f"shop-{event('1')}", f"market-{event('1')}"}
