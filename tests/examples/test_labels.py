"""What then happened, in the half-open window after each cut-off."""

from datetime import date, timedelta
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.examples.labels import per_customer_labels, with_complete_labels, with_labels
from insight.settings import ExampleSettings
from tests.frames import DAY, at, events

SETTINGS = ExampleSettings(purchase_days=7, churn_days=30)
LABELS = "customer_id string, feature_date date, purchase int, stayed int, next_item_id string"


def _after(days: int, **changes: Any) -> dict[str, Any]:
    return {"event_at": at("2024-03-10 00:00") + timedelta(days=days), **changes}


def test_labels_look_at_the_days_after_the_cutoff_up_to_the_horizon(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-10 23:59:59"), "item_id": "before"},
        _after(7, customer_id="seventh"),
        _after(8, customer_id="eighth"),
        _after(30, customer_id="thirtieth"),
        _after(31, customer_id="later"),
        _after(1, customer_id="looks", event_type="view"),
        _after(1, customer_id=None),
    )
    actual = per_customer_labels(rows, as_of=[DAY], settings=SETTINGS)
    expected = spark.createDataFrame(
        [
            ("seventh", DAY, 1, 1, "tea"),
            ("eighth", DAY, 0, 1, "tea"),
            ("thirtieth", DAY, 0, 1, "tea"),
            ("looks", DAY, 0, 0, "tea"),
        ],
        LABELS,
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_the_next_item_is_the_first_one_met_not_one_sent_back(spark: SparkSession) -> None:
    rows = events(
        spark,
        _after(1, item_id="sent back", event_type="return"),
        _after(3, item_id="looked at", event_type="view"),
        _after(4, item_id="bought"),
        _after(1, customer_id="ben", event_type="return"),
    )
    found = per_customer_labels(rows, as_of=[DAY], settings=SETTINGS).collect()
    assert {row["customer_id"]: row["next_item_id"] for row in found} == {
        "anna": "looked at",
        "ben": None,
    }


def test_of_one_basket_the_next_item_is_the_same_in_any_order(spark: SparkSession) -> None:
    basket = [_after(1, item_id=name, event_id=name) for name in ("tea", "cup", "pot", "jug")]
    found = set()
    for rows in (basket, basket[::-1]):
        row = per_customer_labels(events(spark, *rows), as_of=[DAY], settings=SETTINGS).first()
        assert row is not None
        found.add(row["next_item_id"])
    assert len(found) == 1


def test_each_cutoff_has_labels_of_its_own(spark: SparkSession) -> None:
    earlier = DAY - timedelta(days=5)
    rows = events(spark, _after(0, item_id="today"), _after(20, item_id="later"))
    actual = per_customer_labels(rows, as_of=[DAY, earlier], settings=SETTINGS)
    expected = spark.createDataFrame(
        [("anna", earlier, 1, 1, "today"), ("anna", DAY, 0, 1, "later")], LABELS
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_cutoff_may_stop_before_its_horizon(spark: SparkSession) -> None:
    rows = events(spark, _after(7), _after(8, customer_id="eighth"))
    until = {DAY: DAY + timedelta(days=7)}
    found = per_customer_labels(rows, as_of=[DAY], settings=SETTINGS, labels_end=until)
    assert [row["customer_id"] for row in found.collect()] == ["anna"]


def test_labels_that_are_not_complete_are_taken_back(spark: SparkSession) -> None:
    columns = "label_days int, purchase float, churn float, has_churn float, next_item_id string"
    rows = [(days, 1.0, 1.0, 1.0, "tea") for days in (30, 29, 7, 6)]
    known = with_complete_labels(spark.createDataFrame(rows, columns), settings=SETTINGS)
    expected = spark.createDataFrame(
        [
            (30, 1.0, 1.0, 1.0, "tea", 1.0),
            (29, 1.0, 0.0, 0.0, None, 1.0),
            (7, 1.0, 0.0, 0.0, None, 1.0),
            (6, 0.0, 0.0, 0.0, None, 0.0),
        ],
        f"{columns}, has_purchase float",
    )
    assert_df_equality(known, expected, ignore_row_order=True, ignore_nullable=True)


def test_churn_is_asked_only_of_who_bought_lately(spark: SparkSession) -> None:
    snapshots = spark.createDataFrame(
        [("89", DAY, 89), ("90", DAY, 90), ("never", DAY, None), ("stayed", DAY, 0)],
        "customer_id string, feature_date date, days_since_last_order bigint",
    )
    labels = spark.createDataFrame(
        [("stayed", DAY, 1, 1, "tea"), ("90", date(2024, 3, 9), 1, 1, "cup")], LABELS
    )
    actual = with_labels(snapshots, labels, active_days=90)
    expected = spark.createDataFrame(
        [
            ("89", DAY, 89, None, 0.0, 1.0, 1.0),
            ("90", DAY, 90, None, 0.0, 1.0, 0.0),
            ("never", DAY, None, None, 0.0, 1.0, 0.0),
            ("stayed", DAY, 0, "tea", 1.0, 0.0, 1.0),
        ],
        "customer_id string, feature_date date, days_since_last_order bigint, "
        "next_item_id string, purchase float, churn float, has_churn float",
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)
