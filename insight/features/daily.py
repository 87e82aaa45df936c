"""An item's day. Money and units are summed as integers."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_TYPES = ("view", "cart", "purchase", "return")


def per_item_day(events: DataFrame) -> DataFrame:
    """One row per item, day and night that brought it, guests' events included."""
    about_items = events.where("item_id IS NOT NULL")
    return about_items.groupBy("item_id", "event_date", "ingest_date").agg(
        *(F.count_if(F.col("event_type") == name).alias(f"{name}_count") for name in _TYPES),
        _of_purchases(F.round(F.col("quantity") * 1000).cast("bigint")).alias("unit_thousandths"),
        _of_purchases(F.col("amount_cents")).alias("amount_cents"),
    )


def _of_purchases(value: Column) -> Column:
    return F.sum(F.when(F.col("event_type") == "purchase", value).otherwise(0))
