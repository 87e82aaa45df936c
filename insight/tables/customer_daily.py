"""A customer's day: the compact state that features are built from."""

from insight.tables.table import MONEY, Column, Table

CUSTOMER_DAILY = Table(
    name="customer_daily",
    grain="one row per customer and day with events",
    owner="data engineering",
    columns=(
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column("event_count", "bigint", "Events."),
        Column("view_count", "bigint", "Views."),
        Column("search_count", "bigint", "Searches."),
        Column("cart_count", "bigint", "Items put in the cart."),
        Column("purchase_count", "bigint", "Purchased lines."),
        Column("return_count", "bigint", "Returned lines."),
        Column("campaign_click_count", "bigint", "Clicks on campaigns."),
        Column("discounted_count", "bigint", "Purchased lines with a discount."),
        Column("coupon_count", "bigint", "Purchased lines with a coupon."),
        Column(
            "order_count",
            "bigint",
            "Orders with a purchase (moments of purchase where there is no order id).",
        ),
        Column("session_count", "bigint", "Visits begun."),
        Column("cart_session_count", "bigint", "Visits that put something in the cart that day."),
        Column("abandoned_cart_count", "bigint", "Of those, visits without a purchase that day."),
        Column("night_count", "bigint", "Events from 0 to 6 o'clock UTC."),
        Column("morning_count", "bigint", "Events from 6 to 12 o'clock UTC."),
        Column("afternoon_count", "bigint", "Events from 12 to 18 o'clock UTC."),
        Column("unit_thousandths", "bigint", "Units purchased, in thousandths."),
        Column("amount", MONEY, "Purchased, in the shop's currency."),
        Column("discount", MONEY, "Discount on purchases, in the shop's currency."),
        Column("returned_amount", MONEY, "Returned, in the shop's currency."),
        Column("last_event_at", "timestamp", "Last event of the day, UTC."),
        Column("event_date", "date", "UTC day."),
    ),
    key=("customer_id", "event_date"),
    partition_by=("event_date",),
)
