"""An item's day. Units are summed as integers, money as decimals: exactly, in any order."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.money import to_money

_TYPES = ("view", "cart", "purchase", "return")


def per_item_day(events: DataFrame) -> DataFrame:
    """One row per item, day and night that brought it, guests' events included."""
    about_items = events.where("item_id IS NOT NULL")
    return about_items.groupBy("item_id", "event_date", "ingest_date").agg(
        *(F.count_if(F.col("event_type") == name).alias(f"{name}_count") for name in _TYPES),
        _of_purchases(F.round(F.col("quantity") * 1000).cast("bigint")).alias("unit_thousandths"),
        to_money(_of_purchases(F.col("amount"))).alias("amount"),
    )


def _of_purchases(value: Column) -> Column:
    return F.sum(F.when(F.col("event_type") == "purchase", value).otherwise(0))
