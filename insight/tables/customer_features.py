"""A customer as known at the end of a day."""

from insight.tables.table import Column, Table

CUSTOMER_FEATURES = Table(
    name="customer_features",
    grain="one row per customer and feature date",
    owner="data science",
    columns=(
        Column("customer_id", "string", "Pseudonym."),
        Column("days_since_last_event", "bigint", "Days from the last event."),
        Column(
            "days_since_last_order",
            "bigint",
            "Days from the last purchase; null without one in the longest window.",
            nullable=True,
        ),
        Column("active_days_365d", "bigint", "Days with events in the last 365."),
        Column("orders_7d", "bigint", "Orders in the last 7 days."),
        Column(
            "amount_cents_7d",
            "bigint",
            "Purchased in the last 7 days, in hundredths of the currency.",
        ),
        Column("orders_30d", "bigint", "Orders in the last 30 days."),
        Column(
            "amount_cents_30d",
            "bigint",
            "Purchased in the last 30 days, in hundredths of the currency.",
        ),
        Column("orders_90d", "bigint", "Orders in the last 90 days."),
        Column(
            "amount_cents_90d",
            "bigint",
            "Purchased in the last 90 days, in hundredths of the currency.",
        ),
        Column("orders_365d", "bigint", "Orders in the last 365 days."),
        Column(
            "amount_cents_365d",
            "bigint",
            "Purchased in the last 365 days, in hundredths of the currency.",
        ),
        Column("views_30d", "bigint", "Views in the last 30 days."),
        Column("carts_30d", "bigint", "Items put in the cart in the last 30 days."),
        Column("sessions_30d", "bigint", "Visits begun in the last 30 days."),
        Column("returns_90d", "bigint", "Returned lines in the last 90 days."),
        Column(
            "mean_days_between_orders",
            "double",
            "Mean days between order days in the last 365; null below two order days.",
            nullable=True,
        ),
        Column(
            "discount_share_90d",
            "double",
            "Discount as a share of undiscounted purchases in the last 90 days; null without one.",
            nullable=True,
        ),
        Column(
            "mean_order_cents_90d",
            "double",
            "Mean order in the last 90 days, in hundredths of the currency; null without one.",
            nullable=True,
        ),
        Column("feature_date", "date", "Everything up to the end of this day, nothing later."),
    ),
    key=("customer_id", "feature_date"),
    partition_by=("feature_date",),
)
