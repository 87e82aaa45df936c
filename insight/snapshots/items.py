"""An item as known at the end of a day, from daily state only."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

UNKNOWN_CATEGORY = "unknown"
ITEM_WINDOW_DAYS = 30


def per_item_features(item_daily: DataFrame, items: DataFrame, *, as_of: date) -> DataFrame:
    """One row per item with an event in the 30 days up to ``as_of``.

    Args:
        item_daily: Daily state.
        items: Items as known on that date, one row each.
        as_of: The feature date.
    """
    age = F.datediff(F.lit(as_of), F.col("event_date"))
    known = item_daily.withColumn("age_days", age).where(
        f"age_days >= 0 AND age_days < {ITEM_WINDOW_DAYS}"
    )
    totals = known.groupBy("item_id").agg(
        _within(7, "purchase_count").alias("purchases_7d"),
        _within(30, "purchase_count").alias("purchases_30d"),
        _within(30, "view_count").alias("views_30d"),
        (F.sum(F.round(F.col("units") * 1000).cast("bigint")) / 1000).alias("units_30d"),
        _within(30, "amount_cents").alias("amount_cents_30d"),
        F.sum(F.col("view_count") + F.col("cart_count") + F.col("purchase_count")).alias("_seen"),
    )
    described = totals.join(items.select("item_id", "category"), on="item_id", how="left")
    by_interest = Window.orderBy(F.desc("_seen"), "item_id")
    return described.select(
        "item_id",
        F.coalesce("category", F.lit(UNKNOWN_CATEGORY)).alias("category"),
        "purchases_7d",
        "purchases_30d",
        "views_30d",
        "units_30d",
        "amount_cents_30d",
        F.row_number().over(by_interest).cast("bigint").alias("popularity_rank_30d"),
        F.lit(as_of).alias("feature_date"),
    )


def _within(days: int, column: str) -> Column:
    return F.sum(F.when(F.col("age_days") < days, F.col(column)).otherwise(0))
