"""An item's day: demand and popularity are built from it."""

from insight.tables.table import Column, Table

ITEM_DAILY = Table(
    name="item_daily",
    grain="one row per item and day with events",
    owner="data engineering",
    columns=(
        Column("item_id", "string", "Item."),
        Column("view_count", "bigint", "Views."),
        Column("cart_count", "bigint", "Items put in the cart."),
        Column("purchase_count", "bigint", "Purchased lines."),
        Column("return_count", "bigint", "Returned lines."),
        Column("units", "double", "Units purchased, in steps of 0.001."),
        Column("amount_cents", "bigint", "Purchased, in hundredths of the currency."),
        Column("event_date", "date", "UTC day."),
    ),
    key=("item_id", "event_date"),
    partition_by=("event_date",),
)
