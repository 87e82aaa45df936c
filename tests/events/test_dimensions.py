"""Descriptions of customers and items: the newest, and only where it has changed."""

from datetime import date

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.events.dimensions import (
    attributes_of,
    drop_unchanged,
    per_entity_newest,
    with_reason,
)
from insight.tables import CUSTOMERS, ITEMS

KEY, ATTRIBUTES = "item_id", ["title", "category"]
DESCRIBED = "item_id string, title string, category string"


def test_the_last_delivered_description_counts(spark: SparkSession) -> None:
    early, late = date(2024, 3, 9), date(2024, 3, 10)
    raw = spark.createDataFrame(
        [
            ("tea", "Old tea", "drinks", early, "a.csv", None),
            ("tea", "Tea", None, late, "a.csv", None),
            ("cup", "Cup", "china", late, "a.csv", None),
            ("cup", "Mug", "china", late, "a.csv", None),
        ],
        f"{DESCRIBED}, file_date date, source_file string, malformed string",
    )
    actual = per_entity_newest(raw, key=KEY, attributes=ATTRIBUTES)
    expected = spark.createDataFrame([("tea", "Tea", None), ("cup", "Mug", "china")], DESCRIBED)
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_descriptions_of_nothing_and_malformed_ones_are_refused_with_a_reason(
    spark: SparkSession,
) -> None:
    raw = spark.createDataFrame(
        [("tea", None), (None, None), (" ", None), ("pot", '{"title": "x"}')],
        f"{KEY} string, malformed string",
    )
    rows = with_reason(raw, key=KEY).collect()
    assert [row["reason"] for row in rows] == [None, f"no_{KEY}", f"no_{KEY}", "malformed"]


def test_only_what_has_changed_is_written_nulls_being_equal(spark: SparkSession) -> None:
    newest = spark.createDataFrame(
        [("same", "Tea", None), ("new", "Cup", None), ("changed", "Pot", None)], DESCRIBED
    )
    known = spark.createDataFrame(
        [("same", "Tea", None), ("changed", "Pot", "china"), ("gone", "Jug", None)], DESCRIBED
    )
    actual = drop_unchanged(newest, known, key=KEY, attributes=ATTRIBUTES)
    expected = spark.createDataFrame([("new", "Cup", None), ("changed", "Pot", None)], DESCRIBED)
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_key_and_date_do_not_describe() -> None:
    assert attributes_of(ITEMS) == ["title", "category", "brand"]
    assert attributes_of(CUSTOMERS) == ["age_band", "income_band", "household_size", "country"]
