"""A customer as known at the end of a day."""

from insight.tables.table import Column, Table


def _sum(name: str, meaning: str) -> Column:
    return Column(name, "bigint", meaning)


def _maybe(name: str, kind: str, meaning: str) -> Column:
    return Column(name, kind, meaning, nullable=True)


_CENTS = "hundredths of the currency"

CUSTOMER_FEATURES = Table(
    name="customer_features",
    grain="one row per customer and feature date",
    owner="data science",
    columns=(
        Column("customer_id", "string", "Pseudonym."),
        _sum("days_since_last_event", "Days from the last event."),
        _maybe(
            "days_since_last_order",
            "bigint",
            "Days from the last purchase; null without one in the longest window.",
        ),
        _sum("active_days_365d", "Days with events in the last 365."),
        _sum("orders_7d", "Orders in the last 7 days."),
        _sum("orders_30d", "Orders in the last 30 days."),
        _sum("orders_90d", "Orders in the last 90 days."),
        _sum("orders_365d", "Orders in the last 365 days."),
        _sum("amount_cents_7d", f"Purchased in the last 7 days, in {_CENTS}."),
        _sum("amount_cents_30d", f"Purchased in the last 30 days, in {_CENTS}."),
        _sum("amount_cents_90d", f"Purchased in the last 90 days, in {_CENTS}."),
        _sum("amount_cents_365d", f"Purchased in the last 365 days, in {_CENTS}."),
        _sum("views_7d", "Views in the last 7 days."),
        _sum("views_30d", "Views in the last 30 days."),
        _sum("views_90d", "Views in the last 90 days."),
        _sum("searches_30d", "Searches in the last 30 days."),
        _sum("carts_30d", "Items put in the cart in the last 30 days."),
        _sum("sessions_30d", "Visits begun in the last 30 days."),
        _sum("sessions_90d", "Visits begun in the last 90 days."),
        _sum("returns_90d", "Returned lines in the last 90 days."),
        _sum("campaign_clicks_90d", "Clicks on campaigns in the last 90 days."),
        _maybe(
            "mean_days_between_orders",
            "double",
            "Mean days between order days in the last 365; null below two order days.",
        ),
        _maybe(
            "order_overdue_ratio",
            "double",
            "Days from the last order over the mean days between orders; null without a mean.",
        ),
        _maybe(
            "discount_share_90d",
            "double",
            "Discount as a share of undiscounted purchases in the last 90 days; null without one.",
        ),
        _maybe(
            "discounted_purchase_share_90d",
            "double",
            "Share of purchased lines with a discount in the last 90 days; null without one.",
        ),
        _maybe(
            "mean_order_cents_90d",
            "double",
            f"Mean order in the last 90 days, in {_CENTS}; null without one.",
        ),
        _maybe(
            "cart_abandonment_share_90d",
            "double",
            "Share of visits with a cart that ended without a purchase, in the last 90 days; "
            "null without a cart.",
        ),
        _maybe("night_share_90d", "double", "Share of events from 0 to 6 o'clock UTC, 90 days."),
        _maybe("morning_share_90d", "double", "Share of events from 6 to 12 o'clock, 90 days."),
        _maybe("afternoon_share_90d", "double", "Share of events from 12 to 18 o'clock, 90 days."),
        _maybe("evening_share_90d", "double", "Share of events from 18 to 24 o'clock, 90 days."),
        _maybe("weekend_share_90d", "double", "Share of events on weekends (UTC), 90 days."),
        _maybe("top_category", "string", "Most frequent category among the last events."),
        _maybe("category_share", "double", "Its share of the last events with a category."),
        _maybe("category_entropy", "double", "Shannon entropy of their categories, in bits."),
        _maybe("top_brand", "string", "Most frequent brand among the last events."),
        _maybe("brand_share", "double", "Its share of the last events with a brand."),
        _maybe("brand_entropy", "double", "Shannon entropy of their brands, in bits."),
        _maybe("age_band", "string", "Age band."),
        _maybe("gender", "string", "Gender as the shop names it."),
        _maybe("country", "string", "Country."),
        _maybe("region", "string", "Region, state or city."),
        Column("feature_date", "date", "Everything up to the end of this day, nothing later."),
    ),
    key=("customer_id", "feature_date"),
    partition_by=("feature_date",),
)
