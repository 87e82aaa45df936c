"""A customer's day: the compact state that features are built from."""

from insight.tables.table import Column, Table

CUSTOMER_DAILY = Table(
    name="customer_daily",
    grain="one row per customer and day with events",
    owner="data engineering",
    columns=(
        Column("customer_id", "string", "Pseudonym."),
        Column("view_count", "bigint", "Views."),
        Column("cart_count", "bigint", "Items put in the cart."),
        Column("purchase_count", "bigint", "Purchased lines."),
        Column("return_count", "bigint", "Returned lines."),
        Column(
            "order_count",
            "bigint",
            "Orders with a purchase (moments of purchase where there is no order id).",
        ),
        Column("session_count", "bigint", "Visits begun."),
        Column("units", "double", "Units purchased, in steps of 0.001."),
        Column("amount_cents", "bigint", "Purchased, in hundredths of the currency."),
        Column("discount_cents", "bigint", "Discount on purchases, in hundredths of the currency."),
        Column("returned_cents", "bigint", "Returned, in hundredths of the currency."),
        Column("last_event_at", "timestamp", "Last event of the day, UTC."),
        Column("event_date", "date", "UTC day."),
    ),
    key=("customer_id", "event_date"),
    partition_by=("event_date",),
)
