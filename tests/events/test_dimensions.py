"""Descriptions of customers and items: a version per delivery, and only where it has changed."""

from datetime import date

from chispa import assert_df_equality
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.events.dimensions import (
    attributes_of,
    description_rules,
    keep_changes,
    per_entity_version,
    with_last_known,
)
from insight.events.rules import with_reason
from insight.local_frames import local_frame
from insight.settings import CleanSettings
from insight.tables import CUSTOMERS, ITEMS

KEY, ATTRIBUTES = "item_id", ["title", "category"]
VERSION = "item_id string, known_from date, title string, category string"


def _day(number: int) -> date:
    return date(2024, 3, number)


def test_of_several_descriptions_in_one_delivery_the_last_files_counts(
    spark: SparkSession,
) -> None:
    raw = local_frame(
        spark,
        [
            ("tea", "Old tea", "drinks", _day(9), "a.csv"),
            ("tea", "Tea", None, _day(10), "a.csv"),
            ("cup", "Mug", "china", _day(10), "b.csv"),
            ("cup", "Tumbler", "glass", _day(10), "a.csv"),
            # Within one file, the greatest: any would do, but always the same.
            ("pot", "Kettle", "china", _day(10), "a.csv"),
            ("pot", "Pot", None, _day(10), "a.csv"),
            ("pot", "Pot", "china", _day(10), "a.csv"),
            # Events name it without blanks.
            (" jug ", "Jug", None, _day(10), "a.csv"),
        ],
        "item_id string, title string, category string, file_date date, source_file string",
    )
    kept = raw.withColumn("absent_is_removed", F.lit(False))
    actual = per_entity_version(kept, key=KEY, attributes=ATTRIBUTES).drop("absent_is_removed")
    expected = local_frame(
        spark,
        [
            ("tea", _day(9), "Old tea", "drinks"),
            ("tea", _day(10), "Tea", None),
            ("cup", _day(10), "Mug", "china"),
            ("pot", _day(10), "Pot", "china"),
            ("jug", _day(10), "Jug", None),
        ],
        VERSION,
    )
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_what_a_delivery_lacks_keeps_its_last_known_value_unless_it_was_removed(
    spark: SparkSession,
) -> None:
    known = local_frame(
        spark,
        [
            ("tea", _day(5), "Tea", "drinks"),
            ("removed", _day(5), "Pot", "china"),
            ("removed before", _day(5), "Jug", None),
            ("older file", _day(5), "Cup", "china"),
        ],
        VERSION,
    )
    # item, day, file, title, category, whether absence means removal.
    brought = [
        ("tea", 6, "a.csv", "Tea", None, False),
        ("tea", 7, "a.csv", None, "herbs", False),
        ("removed", 6, "a.csv", "Pot", None, True),
        ("removed", 7, "a.csv", "Pot", None, False),
        ("removed before", 6, "a.csv", "Jug", None, False),
        # Of an older file nothing is known of what came after it.
        ("older file", 4, "a.csv", "Cup", None, False),
        # Within a delivery, too: the last file lacks what another one holds.
        ("two files", 6, "a.csv", "Old", "glass", False),
        ("two files", 6, "b.csv", "New", None, False),
        ("two files, removed", 6, "a.csv", "Old", "glass", True),
        ("two files, removed", 6, "b.csv", "New", None, True),
        ("two rows", 6, "a.csv", "A", "glass", False),
        ("two rows", 6, "a.csv", "B", None, False),
        ("never known", 6, "a.csv", None, None, False),
    ]
    raw = local_frame(
        spark,
        [(item, _day(day), *rest) for item, day, *rest in brought],
        "item_id string, file_date date, source_file string, title string, category string, "
        "absent_is_removed boolean",
    )
    versions = per_entity_version(raw, key=KEY, attributes=ATTRIBUTES)
    actual = with_last_known(versions, known, key=KEY, attributes=ATTRIBUTES)
    expected = local_frame(
        spark,
        [
            ("tea", _day(6), "Tea", "drinks"),
            ("tea", _day(7), "Tea", "herbs"),
            ("removed", _day(6), "Pot", None),
            ("removed", _day(7), "Pot", None),
            ("removed before", _day(6), "Jug", None),
            ("older file", _day(4), "Cup", None),
            ("two files", _day(6), "New", "glass"),
            ("two files, removed", _day(6), "New", None),
            ("two rows", _day(6), "B", "glass"),
            ("never known", _day(6), None, None),
        ],
        VERSION,
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_descriptions_of_nothing_and_malformed_ones_are_refused_with_a_reason(
    spark: SparkSession,
) -> None:
    raw = local_frame(
        spark,
        [("tea", None), (None, None), (" ", None), ("pot", '{"title": "x"}'), (None, "{}")],
        f"{KEY} string, malformed string",
    )
    rules = description_rules(raw, key=KEY, settings=CleanSettings())
    no_key = f"no_{KEY}"
    found = [row["reason"] for row in with_reason(raw, rules).collect()]
    assert found == [None, no_key, no_key, "malformed", "malformed"]


def test_poison_in_a_description_is_refused_with_a_reason(spark: SparkSession) -> None:
    settings = CleanSettings(max_price=100.0, max_stock=50.0, max_text_length=64, currency="EUR")
    names = (KEY, "price", "stock_units", "description", "currency")
    rows: dict[str | None, list[tuple[object, ...]]] = {
        "text_not_clean": [("te\u0000a", 1.0, 1.0, "x"), ("t" * 65, 1.0, 1.0, "x")],
        "text_too_long": [("tea", 1.0, 1.0, "x" * 100_001)],
        "price_out_of_bounds": [
            ("tea", price, 1.0, "x") for price in (-0.01, 100.01, float("nan"), float("inf"))
        ],
        "currency_not_a_code": [("tea", 1.0, 1.0, "x", "Euro")],
        "other_currency": [("tea", 1.0, 1.0, "x", "USD")],
        "stock_units_out_of_bounds": [("tea", 1.0, -1.0, "x"), ("tea", 1.0, 51.0, "x")],
        None: [("tea", 0.0, 0.0, "x" * 100_000), ("t" * 64, 100.0, 50.0, None, "EUR")],
    }
    raw = local_frame(
        spark,
        [dict(zip(names, row, strict=False)) for group in rows.values() for row in group],
        f"{KEY} string, price double, stock_units double, description string, currency string, "
        "malformed string",
    )
    rules = description_rules(raw, key=KEY, settings=settings)
    found = [row["reason"] for row in with_reason(raw, rules).collect()]
    assert found == [reason for reason, group in rows.items() for _ in group]


def test_an_image_vector_may_be_missing_but_not_of_another_length(spark: SparkSession) -> None:
    rows = {
        None: [None, [0.5, -1.0]],
        "image_vector_of_another_length": [[], [0.5], [0.5, 1.0, 2.0]],
        "image_vector_not_finite": [[0.5, None], [0.5, float("nan")], [float("-inf"), 1.0]],
    }
    raw = local_frame(
        spark,
        [("tea", vector, None) for group in rows.values() for vector in group],
        f"{KEY} string, image_vector array<float>, malformed string",
    )
    rules = description_rules(raw, key=KEY, settings=CleanSettings(image_vector_length=2))
    found = [row["reason"] for row in with_reason(raw, rules).collect()]
    assert found == [reason for reason, group in rows.items() for _ in group]


def test_only_what_has_changed_is_written_nulls_being_equal(spark: SparkSession) -> None:
    known = local_frame(
        spark,
        [
            ("same", _day(5), "Tea", None),
            ("changed", _day(5), "Pot", "china"),
            ("silent", _day(5), "Jug", None),
            ("back and forth", _day(5), "A", None),
            ("older file", _day(5), "B", None),
            ("same date", _day(5), "C", None),
            ("same date, changed", _day(5), "C", None),
        ],
        VERSION,
    )
    brought = [
        ("same", _day(6), "Tea", None, False),
        ("new", _day(6), None, None, True),
        ("new", _day(7), None, None, False),
        ("changed", _day(6), "Pot", None, True),
        ("changed", _day(7), "Pot", None, False),
        ("changed", _day(8), "Pot", "china", True),
        ("back and forth", _day(6), "B", None, True),
        ("back and forth", _day(7), "A", None, True),
        # What was known before is learned late; it holds until what is known already.
        ("older file", _day(3), "A", None, True),
        ("older file", _day(4), "A", None, False),
        ("same date", _day(5), "C", None, False),
        ("same date, changed", _day(5), "D", None, True),
    ]
    versions = local_frame(spark, [row[:4] for row in brought], VERSION)
    actual = keep_changes(versions, known, key=KEY, attributes=ATTRIBUTES)
    expected = local_frame(spark, [row[:4] for row in brought if row[4]], VERSION)
    assert_df_equality(actual, expected, ignore_row_order=True)


def test_key_and_dates_do_not_describe() -> None:
    assert attributes_of(ITEMS) == [
        "title",
        "category",
        "brand",
        "description",
        "price",
        "currency",
        "stock_units",
        "image_vector",
    ]
    assert "age_band" in attributes_of(CUSTOMERS)
    assert not {"customer_id", "known_from", "ingest_date"} & set(attributes_of(CUSTOMERS))
