"""Customers' last events, and customers as known at a date."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

_SUMS = {
    "orders": ("order_count", (7, 30, 90, 365)),
    "amount": ("amount", (7, 30, 90, 365)),
    "views": ("view_count", (7, 30, 90)),
    "searches": ("search_count", (30,)),
    "carts": ("cart_count", (30,)),
    "sessions": ("session_count", (30, 90)),
    "returns": ("return_count", (90,)),
    "campaign_clicks": ("campaign_click_count", (90,)),
    "coupon_purchases": ("coupon_count", (90, 365)),
}
_PARTS = {
    "purchases": "purchase_count",
    "discounted": "discounted_count",
    "discount": "discount",
    "carted": "cart_session_count",
    "abandoned": "abandoned_cart_count",
    "events": "event_count",
    "night": "night_count",
    "morning": "morning_count",
    "afternoon": "afternoon_count",
}
_MONEY = ("amount", "discount")


def per_customer_sequence(events: DataFrame, *, as_of: date, length: int) -> DataFrame:
    """Rows of the customer_sequences table."""
    newest = Window.partitionBy("customer_id").orderBy(F.desc("event_at"), F.desc("tie_break"))
    event = F.struct("event_at", "tie_break", "item_id", "event_type", "price")
    return (
        events.where("customer_id IS NOT NULL AND item_id IS NOT NULL")
        .withColumn("tie_break", F.xxhash64("event_id"))
        .withColumn("place", F.row_number().over(newest))
        .where(F.col("place") <= length)
        .groupBy("customer_id")
        .agg(
            F.array_sort(F.collect_list(event)).alias("events"),
            F.count(F.lit(1)).alias("event_count"),
        )
        .withColumn("feature_date", F.lit(as_of))
    )


def per_customer(
    customer_daily: DataFrame,
    sequences: DataFrame,
    items: DataFrame,
    customers: DataFrame,
    *,
    as_of: date,
) -> DataFrame:
    """Rows of the customer_features table."""
    age = F.datediff(F.lit(as_of), "event_date").cast("bigint")
    aged = customer_daily.withColumn("age", age).where("age BETWEEN 0 AND 364")
    totals = aged.groupBy("customer_id").agg(*_totals()).withColumns(_ratios())
    known = sequences.select("customer_id", F.explode("events.item_id").alias("item_id")).join(
        F.broadcast(items.select("item_id", "category", "brand")), on="item_id", how="left"
    )
    described = customers.select("customer_id", "age_band", "gender", "country", "region")
    joined = totals
    for side in (_affinity(known, "category"), _affinity(known, "brand"), described):
        joined = joined.join(side, on="customer_id", how="left")
    return joined.withColumn("feature_date", F.lit(as_of))


def _totals() -> list[Column]:
    bought = F.col("order_count") > 0
    weekend = F.when(F.dayofweek("event_date").isin(1, 7), F.col("event_count")).otherwise(0)
    return [
        F.min("age").alias("days_since_last_event"),
        F.min(F.when(bought, F.col("age"))).alias("days_since_last_order"),
        F.max(F.when(bought, F.col("age"))).alias("days_since_first_order"),
        F.count_if(bought).alias("order_days"),
        F.count(F.lit(1)).alias("active_days_365d"),
        _within(90, weekend).alias("weekend"),
        *(
            _total(days, column).alias(f"{name}_{days}d")
            for name, (column, windows) in _SUMS.items()
            for days in windows
        ),
        *(_total(90, column).alias(name) for name, column in _PARTS.items()),
    ]


def _ratios() -> dict[str, Column]:
    gap = _divided(
        F.col("days_since_first_order") - F.col("days_since_last_order"), F.col("order_days") - 1
    )
    whole = F.col("discount") + F.col("amount_90d")
    evening = F.col("events") - F.col("night") - F.col("morning") - F.col("afternoon")
    parts = {name: F.col(name) for name in ("night", "morning", "afternoon", "weekend")}
    shares = {**parts, "evening": evening}
    return {
        "mean_days_between_orders": gap,
        "order_overdue_ratio": _divided(F.col("days_since_last_order"), gap),
        "discount_share_90d": _divided(F.col("discount"), whole),
        "discounted_purchase_share_90d": _divided(F.col("discounted"), F.col("purchases")),
        "mean_order_amount_90d": _divided(F.col("amount_90d"), F.col("orders_90d")),
        "cart_abandonment_share_90d": _divided(F.col("abandoned"), F.col("carted")),
        **{f"{name}_share_90d": _divided(part, F.col("events")) for name, part in shares.items()},
    }


def _affinity(known: DataFrame, name: str) -> DataFrame:
    """The most frequent category or brand of the last events, its share, and the entropy."""
    counted = known.where(F.col(name).isNotNull()).groupBy("customer_id", name).count()
    own = Window.partitionBy("customer_id")
    share = F.col("count") / F.sum("count").over(own)
    place = F.row_number().over(own.orderBy(F.desc("count"), name))
    shared = counted.withColumns({"share": share, "place": place})
    entropy = F.abs(F.round(-F.sum(F.col("share") * F.log2("share")), 12))
    return shared.groupBy("customer_id").agg(
        F.max(F.when(F.col("place") == 1, F.col(name))).alias(f"top_{name}"),
        F.max(F.when(F.col("place") == 1, F.col("share"))).alias(f"{name}_share"),
        entropy.alias(f"{name}_entropy"),
    )


def _within(days: int, column: Column) -> Column:
    return F.sum(F.when(F.col("age") < days, column).otherwise(0))


def _total(days: int, name: str) -> Column:
    total = _within(days, F.col(name))
    return total.cast("double") if name in _MONEY else total


def _divided(numerator: Column, denominator: Column) -> Column:
    return F.when(denominator > 0, numerator / denominator)
