"""An item's day: what was done with it, by whom ever."""

from datetime import date
from decimal import Decimal

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.features.daily import per_item_day
from insight.tables import ITEM_DAILY
from tests.frames import DAY, at, events, item_days


def test_an_items_day_counts_guests_too(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-10 09:00"), "customer_id": None, "quantity": 2.5},
        {"event_at": at("2024-03-10 10:00"), "event_type": "return", "quantity": 2.5},
        {"event_at": at("2024-03-10 10:00"), "event_type": "view", "item_id": "cup"},
        {"event_at": at("2024-03-09 23:59:59"), "event_type": "cart"},
        # A late one is a row of the night that brought it.
        {
            "event_at": at("2024-03-09 12:00"),
            "event_type": "cart",
            "ingest_date": date(2024, 3, 11),
        },
        {"event_at": at("2024-03-10 10:00"), "event_type": "search", "item_id": None},
    )
    actual = per_item_day(rows).select(*ITEM_DAILY.column_names)
    expected = item_days(
        spark,
        {
            "event_date": DAY,
            "purchase_count": 1,
            "return_count": 1,
            "unit_thousandths": 2500,
            "amount": Decimal(2),
        },
        {"item_id": "cup", "event_date": DAY, "view_count": 1},
        {"event_date": date(2024, 3, 9), "cart_count": 1},
        {"event_date": date(2024, 3, 9), "cart_count": 1, "ingest_date": date(2024, 3, 11)},
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)
