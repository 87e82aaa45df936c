"""A customer as known at the end of a day, from daily state only."""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

LONGEST_WINDOW_DAYS = 365
WINDOWS_DAYS = (7, 30, 90, 365)


def per_customer_features(customer_daily: DataFrame, *, as_of: Iterable[date]) -> DataFrame:
    """One row per customer and date, over the half-open windows (date - days, date].

    Customers without an event in the longest window have no row.

    Args:
        customer_daily: Daily state.
        as_of: Feature dates. A day after a feature date never counts for it.
    """
    dates = F.explode(F.array(*(F.lit(day) for day in sorted(as_of)))).alias("feature_date")
    aged = customer_daily.select("*", dates).withColumn(
        "age_days", F.datediff("feature_date", "event_date")
    )
    known = aged.where(f"age_days >= 0 AND age_days < {LONGEST_WINDOW_DAYS}")
    totals = known.groupBy("customer_id", "feature_date").agg(*_aggregates())
    return totals.select(
        "customer_id",
        "days_since_last_event",
        "days_since_last_order",
        "active_days_365d",
        *(f"{name}_{days}d" for days in WINDOWS_DAYS for name in ("orders", "amount_cents")),
        "views_30d",
        "carts_30d",
        "sessions_30d",
        "returns_90d",
        _mean_days_between_orders(),
        _share("_discount_cents_90d", "amount_cents_90d").alias("discount_share_90d"),
        _ratio("amount_cents_90d", "orders_90d").alias("mean_order_cents_90d"),
        "feature_date",
    )


def _aggregates() -> list[Column]:
    age, bought = F.col("age_days").cast("bigint"), F.col("order_count") > 0
    windows = [
        _within(days, column).alias(f"{name}_{days}d")
        for days in WINDOWS_DAYS
        for name, column in (("orders", "order_count"), ("amount_cents", "amount_cents"))
    ]
    return [
        F.min(age).alias("days_since_last_event"),
        F.min(F.when(bought, age)).alias("days_since_last_order"),
        F.max(F.when(bought, age)).alias("_days_since_first_order"),
        F.count_if(bought).alias("_order_days"),
        F.count(F.lit(1)).alias("active_days_365d"),
        *windows,
        _within(30, "view_count").alias("views_30d"),
        _within(30, "cart_count").alias("carts_30d"),
        _within(30, "session_count").alias("sessions_30d"),
        _within(90, "return_count").alias("returns_90d"),
        _within(90, "discount_cents").alias("_discount_cents_90d"),
    ]


def _within(days: int, column: str) -> Column:
    return F.sum(F.when(F.col("age_days") < days, F.col(column)).otherwise(0))


def _mean_days_between_orders() -> Column:
    span = F.col("_days_since_first_order") - F.col("days_since_last_order")
    gaps = F.col("_order_days") - 1
    return F.when(gaps > 0, span / gaps).alias("mean_days_between_orders")


def _share(part: str, rest: str) -> Column:
    return _divided(F.col(part), F.col(part) + F.col(rest))


def _ratio(numerator: str, denominator: str) -> Column:
    return _divided(F.col(numerator), F.col(denominator))


def _divided(numerator: Column, denominator: Column) -> Column:
    return F.when(denominator > 0, numerator / denominator)
