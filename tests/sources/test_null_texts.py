"""Texts that stand for no value are null in every column, and make no customer."""

from pathlib import Path

from pyspark.sql import SparkSession

from tests.sources.feeds import canonical, event, feed_with, json_file, rows_of, values_of


def test_an_empty_text_is_null_in_json_as_in_csv(spark: SparkSession, tmp_path: Path) -> None:
    columns = {"item": "string", "price": "double"}
    json_feed = feed_with(columns=columns, mapping={})
    csv_feed = feed_with(columns=columns, mapping={}, format="csv", options={"header": "true"})
    csv = tmp_path / "1.csv"
    csv.write_text('item,price\nA,\n"",""\n')
    found = json_file(tmp_path, {"item": "A", "price": ""}, {"item": "", "price": ""})
    expected = [("A", None, None), (None, None, None)]
    for path, feed in ((found, json_feed), (csv, csv_feed)):
        rows = rows_of(spark, path, feed).select("item", "price", "malformed")
        assert [tuple(row) for row in rows.collect()] == expected


def test_texts_that_name_nobody_make_no_customer(spark: SparkSession, tmp_path: Path) -> None:
    nobody = (
        *("undefined", "null", "NULL", "(not set)", "\\N", "nan", "NaN", "None", "N/A", "-1", "0"),
        *("\u00a0", "\t", "\ufeff", "undefined\u00a0", "\t0 ", "guest"),
    )
    feed = feed_with(
        columns={"who": "string", "basket": "string"},
        mapping={
            "customer_id": "coalesce(who, 'browser 7')",
            "order_id": "basket",
            "event_id": "basket",
        },
        null_customer_ids=("guest", "browser 7"),
    )
    rows = [{"who": who, "basket": who} for who in (*nobody, "anna", "\u00a0anna\t")]
    read = canonical(spark, json_file(tmp_path, *rows), feed).collect()
    assert [row["customer_id"] for row in read[: len(nobody)]] == [None] * len(nobody)
    first, second = (row["customer_id"] for row in read[len(nobody) :])
    assert first == second and first is not None
    orders = {who: row["order_id"] for who, row in zip(nobody, read, strict=False)}
    # 0 may number an order, but no text of the list does.
    assert [who for who, order in orders.items() if order] == ["-1", "0", "\t0 ", "guest"]
    assert read[-2]["event_id"] == f"shop-{event('anna')}"


def test_a_source_keeps_texts_that_are_values_to_it(spark: SparkSession, tmp_path: Path) -> None:
    feed = feed_with(value_texts=("None", "0"), columns={"item": "string", "who": "string"})
    feed = feed.model_copy(update={"mapping": {"item_id": "item", "customer_id": "who"}})
    path = json_file(tmp_path, {"item": "None", "who": "0"}, {"item": "NULL", "who": "-1"})
    rows = canonical(spark, path, feed).selectExpr("item_id", "customer_id IS NULL AS is_nobody")
    assert values_of(rows, "item_id", "is_nobody") == [("None", False), (None, True)]
