"""An item's day: demand and popularity are built from it."""

from insight.tables.table import MONEY, Column, Table

ITEM_DAILY = Table(
    name="item_daily",
    grain="one row per item, day with events, and night that brought some of them",
    owner="data engineering",
    columns=(
        Column("item_id", "string", "Item."),
        Column("view_count", "bigint", "Views."),
        Column("cart_count", "bigint", "Items put in the cart."),
        Column("purchase_count", "bigint", "Purchased lines."),
        Column("return_count", "bigint", "Returned lines."),
        Column("unit_thousandths", "bigint", "Units purchased, in thousandths."),
        Column("amount", MONEY, "Purchased, in the shop's currency."),
        Column("event_date", "date", "UTC day."),
        Column("ingest_date", "date", "Run date that read the events: late ones are a row more."),
    ),
    key=("item_id", "event_date", "ingest_date"),
    # Sums of a day are sums over its nights, so a late event rewrites no other night's rows.
    partition_by=("event_date", "ingest_date"),
)
