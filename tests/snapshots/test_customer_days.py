"""Daily state: what a customer did in a day."""

from datetime import date
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.settings import SessionSettings
from insight.snapshots.visits import per_visit_and_day, to_customer_daily
from tests.frames import DAY, at, customer_days, events


def _line(time: str, kind: str = "purchase", **changes: Any) -> dict[str, Any]:
    return {"event_at": at(f"2024-03-{time}"), "event_type": kind, **changes}


def test_a_customers_day_counts_lines_orders_and_visits(spark: SparkSession) -> None:
    rows = events(
        spark,
        _line("10 00:05", "search", item_id=None),
        _line("10 09:00", "view"),
        _line("10 09:05", "cart"),
        _line("10 09:10", order_id="o1", quantity=0.1),
        _line("10 09:10", order_id="o1", quantity=0.2, amount_cents=50, discount_cents=5),
        # Without order ids, two moments are two orders.
        _line("10 10:00"),
        _line("10 11:00"),
        # The rest of an order in another visit is no second order.
        _line("10 12:00", order_id="o1", amount_cents=0),
        # A cart that is left behind.
        _line("10 16:00", "campaign_click", item_id=None, campaign_id="c1"),
        _line("10 16:01", "cart"),
        _line("10 23:59:59", "return", order_id="o1", amount_cents=30, discount_cents=3),
        _line("11 00:00", "view"),
        _line("10 09:00", customer_id=None),
    )
    both = per_visit_and_day(rows, settings=SessionSettings())
    expected = customer_days(
        spark,
        {
            "event_date": DAY,
            "event_count": 11,
            "view_count": 1,
            "search_count": 1,
            "cart_count": 2,
            "purchase_count": 5,
            "return_count": 1,
            "campaign_click_count": 1,
            "discounted_count": 1,
            "order_count": 3,
            "session_count": 7,
            "cart_session_count": 2,
            "abandoned_cart_count": 1,
            "night_count": 1,
            "morning_count": 6,
            "afternoon_count": 3,
            # 0.1 + 0.2 + 1 + 1 + 1; the sum of the doubles would have been another.
            "unit_thousandths": 3300,
            "amount_cents": 650,
            "discount_cents": 5,
            "returned_cents": 30,
            "last_event_at": at("2024-03-10 23:59:59"),
        },
        {
            # The visit began the day before.
            "event_date": date(2024, 3, 11),
            "event_count": 1,
            "view_count": 1,
            "night_count": 1,
            "last_event_at": at("2024-03-11 00:00"),
        },
    )
    actual = to_customer_daily(both)
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_nobody_known_has_neither_visits_nor_days(spark: SparkSession) -> None:
    rows = events(spark, _line("10 09:00", customer_id=None))
    assert per_visit_and_day(rows, settings=SessionSettings()).isEmpty()
