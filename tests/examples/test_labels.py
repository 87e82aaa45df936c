"""What then happened, in the half-open window after each cut-off."""

from datetime import date, timedelta
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.encoding.tasks import NEXT_ACTIONS
from insight.examples.labels import (
    per_customer_labels,
    with_campaign_labels,
    with_complete_labels,
    with_labels,
)
from insight.local_frames import local_frame
from insight.settings import ExampleSettings
from tests.frames import DAY, at, events

SETTINGS = ExampleSettings(purchase_days=7, churn_days=30)
LABELS = (
    "customer_id string, feature_date date, purchase int, stayed int, next_item_id string, "
    "next_action int"
)
SNAPSHOTS = "customer_id string, feature_date date, days_since_last_order bigint"


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
    expected = local_frame(
        spark,
        [
            ("seventh", DAY, 1, 1, "tea", 4),
            ("eighth", DAY, 0, 1, "tea", None),
            ("thirtieth", DAY, 0, 1, "tea", None),
            ("looks", DAY, 0, 0, "tea", 1),
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
    expected = local_frame(
        spark, [("anna", earlier, 1, 1, "today", 4), ("anna", DAY, 0, 1, "later", None)], LABELS
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_cutoff_may_stop_before_its_horizon(spark: SparkSession) -> None:
    rows = events(spark, _after(7), _after(8, customer_id="eighth"))
    until = {DAY: DAY + timedelta(days=7)}
    found = per_customer_labels(rows, as_of=[DAY], settings=SETTINGS, labels_end=until)
    assert [row["customer_id"] for row in found.collect()] == ["anna"]


def test_labels_that_are_not_complete_are_taken_back(spark: SparkSession) -> None:
    columns = (
        "label_days int, purchase float, has_purchase float, churn float, has_churn float, "
        "next_action bigint, has_next_action float, next_item_id string"
    )
    rows = [(days, 1.0, 1.0, 1.0, 1.0, 4, 1.0, "tea") for days in (30, 29, 7, 6)]
    known = with_complete_labels(local_frame(spark, rows, columns), settings=SETTINGS)
    expected = local_frame(
        spark,
        [
            (30, 1.0, 1.0, 1.0, 1.0, 4, 1.0, "tea"),
            (29, 1.0, 1.0, 0.0, 0.0, 4, 1.0, None),
            (7, 1.0, 1.0, 0.0, 0.0, 4, 1.0, None),
            (6, 0.0, 0.0, 0.0, 0.0, 0, 0.0, None),
        ],
        columns,
    )
    assert_df_equality(known, expected, ignore_row_order=True, ignore_nullable=True)


def test_churn_is_asked_only_of_who_bought_lately(spark: SparkSession) -> None:
    snapshots = local_frame(
        spark,
        [("89", DAY, 89), ("90", DAY, 90), ("never", DAY, None), ("stayed", DAY, 0)],
        SNAPSHOTS,
    )
    labels = local_frame(
        spark, [("stayed", DAY, 1, 1, "tea", 1), ("90", date(2024, 3, 9), 1, 1, "cup", 4)], LABELS
    )
    actual = with_labels(snapshots, labels, active_days=90)
    unasked = (1.0, 1.0, 0.0, 0.0, "", [0.0] * 4)
    expected = local_frame(
        spark,
        [
            ("89", DAY, 89, None, 0.0, 1.0, 1.0, 0, *unasked),
            ("90", DAY, 90, None, 0.0, 1.0, 0.0, 0, *unasked),
            ("never", DAY, None, None, 0.0, 1.0, 0.0, 0, *unasked),
            ("stayed", DAY, 0, "tea", 1.0, 0.0, 1.0, 1, *unasked),
        ],
        f"{SNAPSHOTS}, next_item_id string, purchase float, churn float, has_churn float, "
        "next_action bigint, has_purchase float, has_next_action float, campaign float, "
        "has_campaign float, campaign_id string, campaign_context array<float>",
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_a_row_about_a_campaign_asks_nothing_else(spark: SparkSession) -> None:
    snapshots = local_frame(spark, [("anna", DAY, 3), ("ben", DAY, 3), ("carl", DAY, 3)], SNAPSHOTS)
    context = [1.0, 2.0, 3.0, 4.0]
    asked = local_frame(
        spark,
        [
            ("anna", "spring", DAY, context, DAY + timedelta(days=2)),
            ("ben", "spring", DAY, context, None),
        ],
        "customer_id string, campaign_id string, feature_date date, "
        "campaign_context array<float>, answered_on date",
    )
    labelled = with_campaign_labels(snapshots, asked)
    masks = [name for name in labelled.columns if name.startswith("has_")]
    rows = labelled.orderBy("customer_id").collect()
    assert [(row["customer_id"], row["campaign"]) for row in rows] == [("anna", 1.0), ("ben", 0.0)]
    for row in rows:
        assert {name for name in masks if row[name] > 0} == {"has_campaign"}
        assert (row["campaign_id"], row["campaign_context"]) == ("spring", context)
        assert row["next_item_id"] is None


def test_the_next_action_is_the_first_event_within_the_horizon(spark: SparkSession) -> None:
    rows = events(
        spark,
        _after(2),
        _after(1, event_type="campaign_click", item_id=None),
        _after(8, customer_id="ben"),
    )
    found = per_customer_labels(rows, as_of=[DAY], settings=SETTINGS).collect()
    actions = {row["customer_id"]: row["next_action"] for row in found}
    assert actions == {"anna": NEXT_ACTIONS.index("campaign_click"), "ben": None}
