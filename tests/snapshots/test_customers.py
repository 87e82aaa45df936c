"""A customer's features: half-open windows, worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.snapshots.customers import (
    per_customer_features,
    with_last_events_and_description,
)
from insight.tables import CUSTOMER_FEATURES, CUSTOMERS
from tests.frames import DAY, customer_days, frame, in_batches


def _ago(days: int, **counts: Any) -> dict[str, Any]:
    return {"event_date": DAY - timedelta(days=days), **counts}


def _bought(days_ago: int, cents: int = 100, **counts: Any) -> dict[str, Any]:
    return _ago(days_ago, order_count=1, amount=_money(cents), **counts)


def _money(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _features(spark: SparkSession, *rows: dict[str, Any]) -> Row:
    found = per_customer_features(customer_days(spark, *rows), as_of=[DAY]).collect()
    assert len(found) == 1
    return found[0]


def test_every_feature_of_a_customer(spark: SparkSession) -> None:
    rows = customer_days(
        spark,
        # A Friday.
        _ago(2, view_count=3, cart_count=2, session_count=1, return_count=1, event_count=6)
        | {"cart_session_count": 1, "abandoned_cart_count": 1, "morning_count": 2}
        | {"night_count": 1, "afternoon_count": 3, "search_count": 4},
        _bought(4, 500, session_count=2, discount=Decimal(1), purchase_count=3)
        | {
            "discounted_count": 1,
            "coupon_count": 1,
            "cart_session_count": 1,
            "campaign_click_count": 2,
        },
        # A Sunday, all of it in the evening.
        _bought(35, 700, view_count=9, session_count=1, discount=Decimal(2), event_count=10),
        _bought(300, 300, discount=Decimal("0.5"), campaign_click_count=9, coupon_count=4),
    )
    features = per_customer_features(rows, as_of=[DAY])
    affinities = local_frame(
        spark,
        [("anna", DAY, "cups", 0.75, 0.8, "clay", 1.0, 0.0)],
        "customer_id string, feature_date date, top_category string, category_share double, "
        "category_entropy double, top_brand string, brand_share double, brand_entropy double",
    )
    described = {"customer_id": "anna", "age_band": "35-44", "gender": "f", "region": "Kent"}
    known = frame(spark, CUSTOMERS, {**described, "known_from": DAY, "ingest_date": DAY})
    customers = known.withColumn("feature_date", F.lit(DAY))
    expected = frame(
        spark,
        CUSTOMER_FEATURES,
        {
            **described,
            "days_since_last_event": 2,
            "days_since_last_order": 4,
            "active_days_365d": 4,
            "orders_7d": 1,
            "amount_7d": 5.0,
            "orders_30d": 1,
            "amount_30d": 5.0,
            "orders_90d": 2,
            "amount_90d": 12.0,
            "orders_365d": 3,
            "amount_365d": 15.0,
            "views_7d": 3,
            "views_30d": 3,
            "views_90d": 12,
            "searches_30d": 4,
            "carts_30d": 2,
            "sessions_30d": 3,
            "sessions_90d": 4,
            "returns_90d": 1,
            "campaign_clicks_90d": 2,
            "coupon_purchases_90d": 1,
            "coupon_purchases_365d": 5,
            # 296 days between the first and the last of three order days.
            "mean_days_between_orders": 148.0,
            "order_overdue_ratio": 4 / 148,
            "discount_share_90d": 300 / 1500,
            "discounted_purchase_share_90d": 1 / 3,
            "mean_order_amount_90d": 6.0,
            "cart_abandonment_share_90d": 0.5,
            "night_share_90d": 1 / 16,
            "morning_share_90d": 2 / 16,
            "afternoon_share_90d": 3 / 16,
            "evening_share_90d": 10 / 16,
            "weekend_share_90d": 10 / 16,
            "top_category": "cups",
            "category_share": 0.75,
            "category_entropy": 0.8,
            "top_brand": "clay",
            "brand_share": 1.0,
            "brand_entropy": 0.0,
            "feature_date": DAY,
        },
    )
    actual = with_last_events_and_description(features, affinities, customers)
    assert_df_equality(actual, expected, ignore_nullable=True)


def test_who_never_bought_has_nulls_where_zero_would_mean_something(spark: SparkSession) -> None:
    row = _features(spark, _ago(0, view_count=1))
    missing = {name for name, value in row.asDict().items() if value is None}
    nullable = {column.name for column in CUSTOMER_FEATURES.columns if column.nullable}
    assert missing == nullable & set(row.asDict())
    assert (row["days_since_last_event"], row["orders_365d"]) == (0, 0)


@pytest.mark.parametrize("days", [7, 30, 90, 365])
def test_a_window_holds_its_last_day_and_not_the_one_before(spark: SparkSession, days: int) -> None:
    rows = [_ago(0), _bought(days - 1, 100), _bought(days, 10_000)]
    assert _features(spark, *rows)[f"amount_{days}d"] == 1.0


def test_the_feature_date_counts_and_the_day_after_does_not(spark: SparkSession) -> None:
    row = _features(spark, _bought(0, 100), _bought(-1, 10_000))
    assert (row["amount_7d"], row["days_since_last_order"]) == (1.0, 0)


def test_who_was_last_seen_before_the_longest_window_has_no_row(spark: SparkSession) -> None:
    rows = customer_days(spark, _ago(365), {**_ago(364), "customer_id": "ben"})
    found = per_customer_features(rows, as_of=[DAY]).collect()
    assert [(row["customer_id"], row["days_since_last_event"]) for row in found] == [("ben", 364)]


def test_several_dates_at_once_are_each_as_if_alone(spark: SparkSession) -> None:
    rows = customer_days(spark, _bought(0), _bought(10), {**_bought(3), "customer_id": "ben"})
    dates = [DAY - timedelta(days=5), DAY]
    together = per_customer_features(rows, as_of=dates)
    one_by_one = [per_customer_features(rows, as_of=[day]) for day in dates]
    assert_df_equality(together, one_by_one[0].union(one_by_one[1]), ignore_row_order=True)


@in_batches
@given(st.data())
def test_future_days_never_change_features(spark: SparkSession, data: st.DataObject) -> None:
    count = st.integers(0, 5)
    day = st.builds(
        lambda age, orders, cents, views: _ago(
            age, order_count=orders, amount=_money(cents), view_count=views
        ),
        st.integers(-400, 400),
        count,
        count,
        count,
    )
    days = st.lists(day, min_size=1, max_size=6, unique_by=lambda row: row["event_date"])
    customers = data.draw(st.lists(days, min_size=60, max_size=60))
    rows = [{**row, "customer_id": f"c{n:02}"} for n, own in enumerate(customers) for row in own]
    past = [row for row in rows if row["event_date"] <= DAY]
    told = per_customer_features(customer_days(spark, *rows), as_of=[DAY])
    untold = per_customer_features(customer_days(spark, *past), as_of=[DAY])
    assert_df_equality(told, untold, ignore_row_order=True)


def test_a_leap_day_is_a_day(spark: SparkSession) -> None:
    rows = customer_days(spark, {**_bought(0), "event_date": date(2024, 2, 29)})
    row = per_customer_features(rows, as_of=[date(2024, 3, 1)]).first()
    assert row is not None and row["days_since_last_order"] == 1
