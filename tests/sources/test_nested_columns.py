"""Arrays and structs: every value typed or told, one row per element, faults as in flat files."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.errors import SettingsError, SourceFormatError
from insight.sources.inspection import check_columns
from insight.sources.options import ReaderOptions
from insight.sources.reading import refuse_retyped_columns
from tests.sources.feeds import (
    canonical,
    event,
    facts_of,
    feed_with,
    json_file,
    order,
    rows_of,
    values_of,
)

ITEMS = "array<struct<id: string, price: double, units: bigint>>"
BASKETS = feed_with(
    columns={"basket": "string", "items": ITEMS},
    explode="items",
    mapping={"order_id": "basket", "item_id": "items.id", "price": "items.price"},
)


def test_each_element_is_a_row_and_a_row_without_elements_stays(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = json_file(
        tmp_path,
        {"basket": "1", "items": [{"id": "A", "price": 1.5}, {"id": "B", "price": "2.5"}]},
        {"basket": "2", "items": []},
        {"basket": "3"},
    )
    rows = canonical(spark, path, BASKETS)
    expected = [
        (order("1"), "A", 1.5),
        (order("1"), "B", 2.5),
        (order("2"), None, None),
        (order("3"), None, None),
    ]
    assert values_of(rows, "order_id", "item_id", "price") == sorted(expected)


def test_equal_elements_are_events_of_their_own_but_not_when_delivered_twice(
    spark: SparkSession, tmp_path: Path
) -> None:
    row = {"basket": "1", "items": [{"id": "A", "price": 1.5}, {"id": "A", "price": 1.5}]}
    rows = canonical(spark, json_file(tmp_path, row, row), BASKETS)
    ids = [row["event_id"] for row in rows.collect()]
    assert (len(ids), len(set(ids))) == (4, 2)


def test_the_shops_own_id_is_told_apart_by_position(spark: SparkSession, tmp_path: Path) -> None:
    feed = BASKETS.model_copy(update={"mapping": {"event_id": "basket"}})
    rows = [{"basket": "e1", "items": [{"id": "A"}, {"id": "B"}]}, {"basket": "e2", "items": []}]
    events = canonical(spark, json_file(tmp_path, *rows), feed)
    assert values_of(events, "event_id") == sorted(
        [(f"shop-{event('e1')}-0",), (f"shop-{event('e1')}-1",), (f"shop-{event('e2')}",)]
    )


def test_numbers_may_be_written_as_text_but_what_is_none_is_told(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = json_file(
        tmp_path,
        {"basket": "1", "items": [{"id": 7, "units": "9007199254740993"}]},
        {"basket": "2", "items": [{"id": "A", "units": 1, "secret": "Anna"}, {"units": "two"}]},
        {"basket": "3", "items": [{"id": "A", "units": 2.7}]},
        {"basket": "4", "items": {"id": "A"}},
        {"basket": "5", "items": None},
    )
    rows = rows_of(spark, path, BASKETS).orderBy("basket").collect()
    assert rows[0]["items"][0].asDict() == {"id": "7", "price": None, "units": 9007199254740993}
    assert [row["malformed"] for row in rows[::4]] == [None, None]
    told = [json.loads(row["malformed"])["items"] for row in rows[1:4]]
    assert '"units":"aaa"' in told[0] and "Anna" not in told[0]
    assert '"units":"9.9"' in told[1]
    assert rows[2]["items"][0]["units"] is None
    # An object where an array belongs: nothing of it fits.
    assert told[2] == "<redacted>" or '"id"' in told[2]


def test_maps_and_arrays_of_plain_values_are_read_alike(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(columns={"tags": "array<int>", "marks": "map<string, double>"}, mapping={})
    path = json_file(
        tmp_path, {"tags": [1, "2"], "marks": {"a": 1}}, {"tags": ["x"], "marks": {"a": "b"}}
    )
    sound, broken = rows_of(spark, path, feed).collect()
    assert (sound["tags"], sound["marks"], sound["malformed"]) == ([1, 2], {"a": 1.0}, None)
    assert json.loads(broken["malformed"]) == {"tags": '["a"]', "marks": '["a"]'}


def test_a_line_that_is_no_json_is_told_and_the_others_are_read(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = json_file(tmp_path, {"item": "A"}, '{"item": "B', {"item": "C"})
    rows = rows_of(spark, path, feed_with()).collect()
    assert [(row["item"], row["malformed"]) for row in rows] == [
        ("A", None),
        (None, '{"_row":"not a JSON object"}'),
        ("C", None),
    ]


def test_a_torn_line_is_not_lost_to_a_condition(spark: SparkSession, tmp_path: Path) -> None:
    feed = feed_with(columns={"item": "string", "units": "int"}, where="units > 0")
    path = json_file(tmp_path, {"item": "A"}, '{"item": "B', {"item": "C", "units": "x"})
    rows = canonical(spark, path, feed)
    assert values_of(rows, "item_id", "malformed") == [
        ("C", '{"units":"a"}'),
        (None, '{"_row":"not a JSON object"}'),
    ]


def test_json_within_a_csv_column_is_read_by_its_type(spark: SparkSession, tmp_path: Path) -> None:
    feed = BASKETS.model_copy(
        update={"format": "csv", "options": ReaderOptions(header=True, escape='"')}
    )
    path = tmp_path / "1.csv"
    path.write_text('basket,items\n1,"[{""id"": ""A"", ""price"": 3}]"\n2,\n')
    rows = canonical(spark, path, feed)
    expected = [(order("1"), "A", 3.0), (order("2"), None, None)]
    assert values_of(rows, "order_id", "item_id", "price") == sorted(expected)


def test_fault_16_a_new_nested_key_is_reported_unless_ignored_or_allowed(
    spark: SparkSession, tmp_path: Path
) -> None:
    item = {"id": "A", "price": 1.0, "units": 1, "colour": "red"}
    facts = facts_of(spark, json_file(tmp_path, {"basket": "1", "items": [item]}), BASKETS)
    with pytest.raises(SourceFormatError, match=r"a new column items\.colour"):
        check_columns(facts, BASKETS, allow_new=False)
    check_columns(facts, BASKETS, allow_new=True)
    ignoring = BASKETS.model_copy(update={"ignored": ("items.*",)})
    check_columns(facts, ignoring, allow_new=False)


def test_fault_17_a_nested_key_that_no_row_has_is_missing_unless_optional(
    spark: SparkSession, tmp_path: Path
) -> None:
    facts = facts_of(spark, json_file(tmp_path, {"basket": "1", "items": [{"id": "A"}]}), BASKETS)
    with pytest.raises(SourceFormatError) as refused:
        check_columns(facts, BASKETS, allow_new=False)
    assert refused.value.found == "no column items.price; no column items.units"
    lenient = BASKETS.model_copy(update={"optional": ("items.price", "items.units")})
    check_columns(facts, lenient, allow_new=False)


def test_fault_18_a_nested_number_that_became_text_stops_the_night(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = json_file(tmp_path, {"basket": "1", "items": [{"id": "A", "price": "cheap"}]})
    with pytest.raises(SourceFormatError, match="column items") as refused:
        refuse_retyped_columns(rows_of(spark, path, BASKETS), BASKETS, max_share=0.05)
    assert "100% of its values are not array<struct<" in refused.value.found


def test_faults_16_to_18_in_parquet_are_named_by_path(spark: SparkSession, tmp_path: Path) -> None:
    items = [{"id": "A", "price": "1.5", "colour": "red"}]
    pq.write_table(pa.table({"basket": ["1"], "items": [items]}), tmp_path / "1.parquet")
    feed = BASKETS.model_copy(update={"format": "parquet"})
    facts = facts_of(spark, tmp_path / "1.parquet", feed)
    with pytest.raises(SourceFormatError) as refused:
        check_columns(facts, feed, allow_new=False)
    assert refused.value.found == (
        "no column items.units; items.price is string, not double; a new column items.colour"
    )


def test_parquet_arrays_are_exploded_and_lack_what_is_optional(
    spark: SparkSession, tmp_path: Path
) -> None:
    baskets = {"basket": ["1", "2"], "items": [[{"id": "A", "price": 1.5}], None]}
    pq.write_table(pa.table(baskets), tmp_path / "1.parquet")
    feed = BASKETS.model_copy(update={"format": "parquet", "optional": ("items.units",)})
    rows = canonical(spark, tmp_path / "1.parquet", feed)
    expected = [(order("1"), "A", 1.5), (order("2"), None, None)]
    assert values_of(rows, "order_id", "item_id", "price") == sorted(expected)


def test_a_type_that_is_none_of_sparks_is_named(spark: SparkSession, tmp_path: Path) -> None:
    feed = feed_with(columns={"item": "strng"})
    with pytest.raises(SettingsError, match="column item: found the type 'strng'"):
        facts_of(spark, json_file(tmp_path, {"item": "A"}), feed)
