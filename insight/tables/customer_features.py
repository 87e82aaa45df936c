"""A customer as known at the end of a day."""

from insight.tables.feature import feature, feature_or_null
from insight.tables.table import Column, Table

_CURRENCY = "shop's currency"
_SHARE = "share, 0 to 1"
_EVER = "since known"
_LAST_EVENTS = "last events, as in customer_sequences"


def _sum(name: str, unit: str, meaning: str) -> Column:
    """A total over the days in the name's end."""
    days = name.rsplit("_", 1)[1].removesuffix("d")
    return feature(name, "bigint", unit, f"{days} days", f"{meaning} in the last {days} days.")


def _spent(name: str) -> Column:
    """A total of purchases over the days in the name's end."""
    days = name.rsplit("_", 1)[1].removesuffix("d")
    window = f"{days} days"
    return feature(name, "double", _CURRENCY, window, f"Purchased in the last {window}.")


def _share(name: str, meaning: str) -> Column:
    return feature_or_null(
        name, "double", _SHARE, "90 days", f"{meaning}, in the last 90 days; else null."
    )


CUSTOMER_FEATURES = Table(
    name="customer_features",
    grain="one row per customer and feature date",
    owner="data science",
    columns=(
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        feature("days_since_last_event", "bigint", "days", "365 days", "Days from the last event."),
        feature_or_null(
            "days_since_last_order",
            "bigint",
            "days",
            "365 days",
            "Days from the last purchase; null without one in the window.",
        ),
        _sum("active_days_365d", "days", "Days with events"),
        _sum("orders_7d", "orders", "Orders"),
        _sum("orders_30d", "orders", "Orders"),
        _sum("orders_90d", "orders", "Orders"),
        _sum("orders_365d", "orders", "Orders"),
        _spent("amount_7d"),
        _spent("amount_30d"),
        _spent("amount_90d"),
        _spent("amount_365d"),
        _sum("views_7d", "events", "Views"),
        _sum("views_30d", "events", "Views"),
        _sum("views_90d", "events", "Views"),
        _sum("searches_30d", "events", "Searches"),
        _sum("carts_30d", "events", "Items put in the cart"),
        _sum("sessions_30d", "visits", "Visits begun"),
        _sum("sessions_90d", "visits", "Visits begun"),
        _sum("returns_90d", "events", "Returned lines"),
        _sum("campaign_clicks_90d", "events", "Clicks on campaigns"),
        _sum("coupon_purchases_90d", "events", "Purchased lines with a coupon"),
        _sum("coupon_purchases_365d", "events", "Purchased lines with a coupon"),
        feature_or_null(
            "mean_days_between_orders",
            "double",
            "days",
            "365 days",
            "Mean days between order days; null below two order days.",
        ),
        feature_or_null(
            "order_overdue_ratio",
            "double",
            "ratio",
            "365 days",
            "Days from the last order over the mean days between orders; null without a mean.",
        ),
        _share("discount_share_90d", "Discount over undiscounted purchases where there are any"),
        _share("discounted_purchase_share_90d", "Purchased lines with a discount, of all"),
        feature_or_null(
            "mean_order_amount_90d",
            "double",
            _CURRENCY,
            "90 days",
            "Purchased per order; null without an order.",
        ),
        _share("cart_abandonment_share_90d", "Visits with a cart that had no purchase by midnight"),
        _share("night_share_90d", "Events from 0 to 6 o'clock UTC, of all"),
        _share("morning_share_90d", "Events from 6 to 12 o'clock UTC, of all"),
        _share("afternoon_share_90d", "Events from 12 to 18 o'clock UTC, of all"),
        _share("evening_share_90d", "Events from 18 to 24 o'clock UTC, of all"),
        _share("weekend_share_90d", "Events on Saturdays and Sundays (UTC), of all"),
        feature_or_null("top_category", "string", "name", _LAST_EVENTS, "Most frequent category."),
        feature_or_null(
            "category_share", "double", _SHARE, _LAST_EVENTS, "Its share of those with one."
        ),
        feature_or_null(
            "category_entropy", "double", "bits", _LAST_EVENTS, "Shannon entropy of them."
        ),
        feature_or_null("top_brand", "string", "name", _LAST_EVENTS, "Most frequent brand."),
        feature_or_null(
            "brand_share", "double", _SHARE, _LAST_EVENTS, "Its share of those with one."
        ),
        feature_or_null(
            "brand_entropy", "double", "bits", _LAST_EVENTS, "Shannon entropy of them."
        ),
        feature_or_null("age_band", "string", "name", _EVER, "Age band."),
        feature_or_null("gender", "string", "name", _EVER, "Gender as the shop names it."),
        feature_or_null("country", "string", "name", _EVER, "Country."),
        feature_or_null("region", "string", "name", _EVER, "Region, state or city."),
        Column("feature_date", "date", "Everything up to the end of this day, nothing later."),
    ),
    key=("customer_id", "feature_date"),
    partition_by=("feature_date",),
)
