"""Sound rows in the events table's form."""

from decimal import Decimal

from chispa import assert_df_equality
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.events.canonical import to_events
from insight.tables import EVENTS
from tests.frames import DAY, at, events, raw_events


def test_sound_rows_become_events_with_exact_money(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        {"quantity": 3.0, "price": 0.335, "discount": 0.0000005, "coupon": 0.1, "order_id": "o"}
        | {"country": "CH", "currency": "CHF"},
        {"event_at": at("2024-03-09 23:59:59.999999"), "customer_id": None, "price": 0.0},
        {"event_type": "search", "item_id": None, "price": None, "search_text": "green tea"},
        {"event_type": "return", "quantity": 0.25, "price": 99_999.99, "campaign_id": "c"},
    )
    described = rows.withColumns(
        {
            "category": F.lit("drinks"),
            "brand": F.lit(None).cast("string"),
            "imputed": F.when(F.col("event_id") != "e2", F.lit("price_imputed")),
            "capped": F.when(F.col("event_id") == "e0", F.lit("quantity_capped")),
        }
    )
    noon = {"event_at": at("2024-03-10 12:00"), "category": "drinks", "delivered_on": DAY}
    expected = events(
        spark,
        {
            **noon,
            "quantity": 3.0,
            "price": 0.335,
            "amount": Decimal("1.005"),
            # Half a millionth, rounded away from zero.
            "discount": Decimal("0.000001"),
            "coupon": Decimal("0.1"),
            "currency": "CHF",
            "order_id": "o",
            "country": "CH",
            "corrections": "price_imputed,quantity_capped",
        },
        {
            **noon,
            "event_at": at("2024-03-09 23:59:59.999999"),
            "customer_id": None,
            "price": 0.0,
            "amount": Decimal(0),
            "corrections": "price_imputed",
        },
        {
            **noon,
            "event_type": "search",
            "item_id": None,
            # What costs nothing has no price, but an amount.
            "price": None,
            "amount": Decimal(0),
            "search_text": "green tea",
        },
        {
            **noon,
            "event_type": "return",
            "quantity": 0.25,
            "price": 99_999.99,
            "amount": Decimal("24999.9975"),
            "campaign_id": "c",
            "corrections": "price_imputed",
        },
    )
    actual = to_events(described)
    assert actual.columns == EVENTS.column_names
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)
