"""A customer as known at the end of a day: from daily state, last events and description."""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.tables import CUSTOMER_FEATURES

LONGEST_WINDOW_DAYS = 365
WINDOWS_DAYS = (7, 30, 90, 365)

DEMOGRAPHICS = ("age_band", "gender", "country", "region")

_SUMMED = {
    "orders": ("order_count", WINDOWS_DAYS),
    "amount": ("amount", WINDOWS_DAYS),
    "views": ("view_count", (7, 30, 90)),
    "searches": ("search_count", (30,)),
    "carts": ("cart_count", (30,)),
    "sessions": ("session_count", (30, 90)),
    "returns": ("return_count", (90,)),
    "campaign_clicks": ("campaign_click_count", (90,)),
    "coupon_purchases": ("coupon_count", (90, 365)),
    "_purchases": ("purchase_count", (90,)),
    "_discounted": ("discounted_count", (90,)),
    "_discount": ("discount", (90,)),
    "_carted": ("cart_session_count", (90,)),
    "_abandoned": ("abandoned_cart_count", (90,)),
    "_events": ("event_count", (90,)),
    "_night": ("night_count", (90,)),
    "_morning": ("morning_count", (90,)),
    "_afternoon": ("afternoon_count", (90,)),
}
"""Feature to the daily column it sums and its windows; with _ for those that shares are of."""

_MONEY = ("amount", "discount")
"""Daily columns that are decimal: a feature is their exact sum as a double."""


def per_customer_features(
    customer_daily: DataFrame, *, as_of: Iterable[date], holds: Column | None = None
) -> DataFrame:
    """One row per customer and date, over the half-open windows (date - days, date].

    Customers without an event in the longest window have no row.

    Args:
        customer_daily: Daily state.
        as_of: Feature dates. A day after a feature date never counts for it.
        holds: Which rows count for which ``feature_date``; all of them if not given.
    """
    dates = F.explode(F.array(*(F.lit(day) for day in sorted(as_of)))).alias("feature_date")
    aged = customer_daily.select("*", dates).withColumn(
        "age_days", F.datediff("feature_date", "event_date")
    )
    known = aged.where(f"age_days >= 0 AND age_days < {LONGEST_WINDOW_DAYS}")
    if holds is not None:
        known = known.where(holds)
    totals = known.groupBy("customer_id", "feature_date").agg(*_aggregates())
    summed = [
        f"{name}_{days}d"
        for name, (_, windows) in _SUMMED.items()
        for days in windows
        if not name.startswith("_")
    ]
    return totals.select(
        "customer_id",
        "days_since_last_event",
        "days_since_last_order",
        "active_days_365d",
        *summed,
        *(column.alias(name) for name, column in _derived().items()),
        "feature_date",
    )


def with_last_events_and_description(
    features: DataFrame, affinities: DataFrame, customers: DataFrame
) -> DataFrame:
    """Rows of customer_features: what daily state cannot tell is null where it is not known.

    Args:
        features: From ``per_customer_features``.
        affinities: From ``per_customer_affinity``, for the same dates.
        customers: Descriptions as known then, one row per customer and date.
    """
    key = ["customer_id", "feature_date"]
    described = customers.select(*key, *DEMOGRAPHICS)
    return (
        features.join(affinities, on=key, how="left")
        .join(described, on=key, how="left")
        .select(*CUSTOMER_FEATURES.column_names)
    )


def _aggregates() -> list[Column]:
    age, bought = F.col("age_days").cast("bigint"), F.col("order_count") > 0
    is_weekend = F.dayofweek("event_date").isin(1, 7)
    windows = [
        _total(days, column).alias(f"{name}_{days}d")
        for name, (column, reach) in _SUMMED.items()
        for days in reach
    ]
    return [
        F.min(age).alias("days_since_last_event"),
        F.min(F.when(bought, age)).alias("days_since_last_order"),
        F.max(F.when(bought, age)).alias("_days_since_first_order"),
        F.count_if(bought).alias("_order_days"),
        F.count(F.lit(1)).alias("active_days_365d"),
        _within(90, F.when(is_weekend, F.col("event_count")).otherwise(0)).alias("_weekend_90d"),
        *windows,
    ]


def _total(days: int, column: str) -> Column:
    total = _within(days, F.col(column))
    return total.cast("double") if column in _MONEY else total


def _within(days: int, column: Column) -> Column:
    return F.sum(F.when(F.col("age_days") < days, column).otherwise(0))


def _derived() -> dict[str, Column]:
    """Ratios of sums; null where there is nothing to divide by."""
    span = F.col("_days_since_first_order") - F.col("days_since_last_order")
    gap = _divided(span, F.col("_order_days") - 1)
    evening = F.col("_events_90d") - F.col("_night_90d") - F.col("_morning_90d")
    return {
        "mean_days_between_orders": gap,
        "order_overdue_ratio": _divided(F.col("days_since_last_order"), gap),
        "discount_share_90d": _divided(
            F.col("_discount_90d"), F.col("_discount_90d") + F.col("amount_90d")
        ),
        "discounted_purchase_share_90d": _ratio("_discounted_90d", "_purchases_90d"),
        "mean_order_amount_90d": _ratio("amount_90d", "orders_90d"),
        "cart_abandonment_share_90d": _ratio("_abandoned_90d", "_carted_90d"),
        "night_share_90d": _ratio("_night_90d", "_events_90d"),
        "morning_share_90d": _ratio("_morning_90d", "_events_90d"),
        "afternoon_share_90d": _ratio("_afternoon_90d", "_events_90d"),
        "evening_share_90d": _divided(evening - F.col("_afternoon_90d"), F.col("_events_90d")),
        "weekend_share_90d": _ratio("_weekend_90d", "_events_90d"),
    }


def _ratio(numerator: str, denominator: str) -> Column:
    return _divided(F.col(numerator), F.col(denominator))


def _divided(numerator: Column, denominator: Column) -> Column:
    return F.when(denominator > 0, numerator / denominator)
