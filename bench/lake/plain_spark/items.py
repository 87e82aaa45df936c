"""Items' days, and items as known at a date."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

_DAYS = 30


def per_item_day(events: DataFrame) -> DataFrame:
    """Rows of the item_daily table."""
    bought = F.col("event_type") == "purchase"
    units = F.round(F.col("quantity") * 1000).cast("bigint")
    kinds = ("view", "cart", "purchase", "return")
    return (
        events.where("item_id IS NOT NULL")
        .groupBy("item_id", "event_date")
        .agg(
            *(F.count_if(F.col("event_type") == kind).alias(f"{kind}_count") for kind in kinds),
            F.sum(F.when(bought, units).otherwise(0)).alias("unit_thousandths"),
            F.sum(F.when(bought, F.col("amount")).otherwise(0))
            .cast("decimal(18,6)")
            .alias("amount"),
        )
    )


def newest_of(described: DataFrame, *, key: str, as_of: date) -> DataFrame:
    """One row per entity: what was known of it at the end of a date."""
    newest = Window.partitionBy(key).orderBy(F.desc("known_from"))
    known = described.where(F.col("known_from") <= F.lit(as_of))
    return known.withColumn("place", F.row_number().over(newest)).where("place = 1").drop("place")


def per_item(item_daily: DataFrame, items: DataFrame, *, as_of: date, smoothing: int) -> DataFrame:
    """Rows of the item_features table."""
    age = F.datediff(F.lit(as_of), "event_date")
    seen = F.col("view_count") + F.col("cart_count") + F.col("purchase_count")
    aged = item_daily.withColumns({"age": age, "seen": seen}).where(
        f"age BETWEEN 0 AND {_DAYS - 1}"
    )
    totals = aged.groupBy("item_id").agg(
        F.sum(F.when(F.col("age") < 7, F.col("purchase_count")).otherwise(0)).alias("purchases_7d"),
        F.sum("purchase_count").alias("purchases_30d"),
        F.sum("view_count").alias("views_30d"),
        F.sum("cart_count").alias("carts_30d"),
        F.sum("return_count").alias("returns_30d"),
        (F.sum("unit_thousandths") / 1000).alias("units_30d"),
        F.sum("amount").cast("double").alias("amount_30d"),
        F.sum("seen").alias("seen"),
    )
    described = items.select("item_id", "category", "brand", "price", "stock_units")
    sold_at = F.when(F.col("units_30d") > 0, F.col("amount_30d") / F.col("units_30d"))
    priced = (
        totals.join(_trends(aged, smoothing), on="item_id", how="inner")
        .join(described, on="item_id", how="left")
        .withColumn("price", F.coalesce("price", sold_at))
        .fillna("unknown", ["category"])
    )
    peers = Window.partitionBy("category", F.col("price").isNull()).orderBy("price")
    position = F.when(F.col("price").isNotNull(), F.percent_rank().over(peers))
    by_interest = Window.orderBy(F.desc("seen"), "item_id")
    rank = F.row_number().over(by_interest).cast("bigint")
    return priced.withColumns(
        {"popularity_rank_30d": rank, "price_position": position, "feature_date": F.lit(as_of)}
    ).drop("seen")


def _trends(aged: DataFrame, smoothing: int) -> DataFrame:
    """Last week against the weeks before, after a rolling median over every day."""
    places = F.explode(F.sequence(F.lit(0), F.lit(_DAYS - 1))).alias("place")
    every_day = aged.select("item_id").distinct().select("item_id", places)
    days = aged.select("item_id", (F.lit(_DAYS - 1) - F.col("age")).alias("place"), "seen")
    dense = every_day.join(days, on=["item_id", "place"], how="left").fillna(0, ["seen"])
    reach = smoothing // 2
    around = Window.partitionBy("item_id").orderBy("place").rowsBetween(-reach, reach)
    smooth = dense.withColumn("median", F.expr("percentile(seen, 0.5)").over(around))
    return smooth.groupBy("item_id").agg(
        F.round(F.log1p(_mean(23, 29)) - F.log1p(_mean(0, 22)), 9).alias("trend_30d")
    )


def _mean(first: int, last: int) -> Column:
    return F.mean(F.when(F.col("place").between(first, last), F.col("median")))
