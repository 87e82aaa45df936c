"""Daily state: what a customer and an item did in a day."""

from datetime import date

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.features.daily import per_customer_day, per_item_day
from insight.tables import CUSTOMER_DAILY, ITEM_DAILY
from tests.frames import DAY, at, customer_days, events, item_days, sessions


def test_a_customers_day_counts_lines_orders_and_visits(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-10 09:00"), "event_type": "view"},
        {"event_at": at("2024-03-10 09:05"), "event_type": "cart"},
        {"event_at": at("2024-03-10 09:10"), "order_id": "o1", "quantity": 0.1},
        {
            "event_at": at("2024-03-10 09:10"),
            "order_id": "o1",
            "quantity": 0.2,
            "amount_cents": 50,
            "discount_cents": 5,
        },
        # Without order ids, two moments are two orders.
        {"event_at": at("2024-03-10 10:00")},
        {"event_at": at("2024-03-10 11:00")},
        {
            "event_at": at("2024-03-10 23:59:59"),
            "event_type": "return",
            "order_id": "o1",
            "amount_cents": 30,
            "discount_cents": 3,
        },
        {"event_at": at("2024-03-11 00:00"), "event_type": "view"},
        {"event_at": at("2024-03-10 09:00"), "customer_id": None},
    )
    visits = sessions(
        spark,
        {"started_at": at("2024-03-10 09:00")},
        {"started_at": at("2024-03-10 23:59")},
        {"started_at": at("2024-03-10 09:00"), "customer_id": "ben"},
    )
    actual = per_customer_day(rows, visits).select(*CUSTOMER_DAILY.column_names)
    expected = customer_days(
        spark,
        {
            "event_date": DAY,
            "view_count": 1,
            "cart_count": 1,
            "purchase_count": 4,
            "return_count": 1,
            "order_count": 3,
            "session_count": 2,
            # 0.1 + 0.2 + 1 + 1; the sum of the doubles would be 2.3000000000000003.
            "units": 2.3,
            "amount_cents": 650,
            "discount_cents": 5,
            "returned_cents": 30,
            "last_event_at": at("2024-03-10 23:59:59"),
        },
        {
            # The visit began the day before.
            "event_date": date(2024, 3, 11),
            "view_count": 1,
            "last_event_at": at("2024-03-11 00:00"),
        },
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_an_items_day_counts_guests_too(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-10 09:00"), "customer_id": None, "quantity": 2.5},
        {"event_at": at("2024-03-10 10:00"), "event_type": "return", "quantity": 2.5},
        {"event_at": at("2024-03-10 10:00"), "event_type": "view", "item_id": "cup"},
        {"event_at": at("2024-03-09 23:59:59"), "event_type": "cart"},
    )
    actual = per_item_day(rows).select(*ITEM_DAILY.column_names)
    expected = item_days(
        spark,
        {
            "event_date": DAY,
            "purchase_count": 1,
            "return_count": 1,
            "units": 2.5,
            "amount_cents": 200,
        },
        {"item_id": "cup", "event_date": DAY, "view_count": 1},
        {"event_date": date(2024, 3, 9), "cart_count": 1},
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)
