"""An item as known at the end of a day, from daily state and its description."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.snapshots.series import daily_series, smoothed
from insight.tables import ITEM_FEATURES

UNKNOWN_CATEGORY = "unknown"
ITEM_WINDOW_DAYS = 30

_RECENT_DAYS = 7
_DESCRIBED = ("category", "brand", "price", "stock_units")


def per_item_features(
    item_daily: DataFrame, items: DataFrame, *, as_of: date, smoothing_days: int
) -> DataFrame:
    """One row per item with an event in the 30 days up to ``as_of``.

    Args:
        item_daily: Daily state.
        items: Items as known on that date, one row each.
        as_of: The feature date.
        smoothing_days: Width of the rolling median that the trend looks through.
    """
    totals = _per_item_totals(item_daily, as_of)
    described = totals.join(items.select("item_id", *_DESCRIBED), on="item_id", how="left")
    sold_at = F.when(F.col("units_30d") > 0, F.col("amount_30d") / F.col("units_30d"))
    priced = described.withColumns(
        {
            "category": F.coalesce("category", F.lit(UNKNOWN_CATEGORY)),
            "price": F.coalesce("price", sold_at),
        }
    )
    # One task ranks all items: it gets the trend, not the series that the trend comes from.
    trending = priced.withColumn(
        "trend_30d", _trend(smoothed(F.col("_daily"), days=smoothing_days))
    ).drop("_daily")
    by_interest = Window.orderBy(F.desc("_seen"), "item_id")
    found = {
        "popularity_rank_30d": F.row_number().over(by_interest).cast("bigint"),
        "price_position": _price_position(),
        "feature_date": F.lit(as_of),
    }
    return trending.withColumns(found).select(*ITEM_FEATURES.column_names)


def _per_item_totals(item_daily: DataFrame, as_of: date) -> DataFrame:
    age = F.datediff(F.lit(as_of), F.col("event_date"))
    known = item_daily.withColumn("age_days", age).where(
        f"age_days >= 0 AND age_days < {ITEM_WINDOW_DAYS}"
    )
    return known.groupBy("item_id").agg(
        _within(7, "purchase_count").alias("purchases_7d"),
        _within(30, "purchase_count").alias("purchases_30d"),
        _within(30, "view_count").alias("views_30d"),
        _within(30, "cart_count").alias("carts_30d"),
        _within(30, "return_count").alias("returns_30d"),
        (F.sum("unit_thousandths") / 1000).alias("units_30d"),
        _within(30, "amount").cast("double").alias("amount_30d"),
        F.sum(_interactions()).alias("_seen"),
        daily_series("age_days", _interactions(), days=ITEM_WINDOW_DAYS).alias("_daily"),
    )


def _interactions() -> Column:
    return F.col("view_count") + F.col("cart_count") + F.col("purchase_count")


def _within(days: int, column: str) -> Column:
    return F.sum(F.when(F.col("age_days") < days, F.col(column)).otherwise(0))


def _trend(series: Column) -> Column:
    """Logarithm of the mean of the last week over that of the weeks before, one added to each."""
    earlier = ITEM_WINDOW_DAYS - _RECENT_DAYS
    means = [
        F.aggregate(F.slice(series, start, days), F.lit(0.0), lambda total, day: total + day) / days
        for start, days in ((earlier + 1, _RECENT_DAYS), (1, earlier))
    ]
    return F.round(F.log1p(means[0]) - F.log1p(means[1]), 9)


def _price_position() -> Column:
    """Share of the category's priced items that are cheaper; null without a price."""
    # Items without a price are set apart: they are no cheaper than anything.
    peers = Window.partitionBy("category", F.col("price").isNull()).orderBy("price")
    return F.when(F.col("price").isNotNull(), F.percent_rank().over(peers))
