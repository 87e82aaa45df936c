"""Fitted on the training window only: the item vocabulary and the feature scales."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.encoding.features import FEATURES, NULLABLE, FeatureStatistics, transform_of
from insight.encoding.vocabulary import FIRST_KNOWN
from insight.snapshots.items import UNKNOWN_CATEGORY


def per_item_index(
    item_daily: DataFrame, items: DataFrame, *, until: date, min_events: int
) -> DataFrame:
    """The item_vocabulary rows, without run_date: items seen often enough up to ``until``."""
    seen = F.col("view_count") + F.col("cart_count") + F.col("purchase_count")
    counts = (
        item_daily.where(F.col("event_date") <= F.lit(until))
        .groupBy("item_id")
        .agg(F.sum(seen).alias("event_count"))
        .where(F.col("event_count") >= min_events)
    )
    described = counts.join(items.select("item_id", "category"), on="item_id", how="left")
    named = described.withColumn("category", F.coalesce("category", F.lit(UNKNOWN_CATEGORY)))
    by_count = Window.orderBy(F.desc("event_count"), "item_id")
    by_name = Window.orderBy("category")
    return named.select(
        "item_id",
        (F.row_number().over(by_count) + FIRST_KNOWN - 1).cast("bigint").alias("item_index"),
        "category",
        (F.dense_rank().over(by_name) + FIRST_KNOWN - 1).cast("bigint").alias("category_index"),
        "event_count",
    )


def fit_feature_statistics(train_features: DataFrame, *, scaling: str) -> FeatureStatistics:
    """Location and scale of every feature after its transform; nulls left out.

    Values are rounded to nine significant digits: sums of doubles differ in their last bits
    with the order of rows, and a rerun must not.

    Args:
        train_features: Features at the training cut-offs, and no others.
        scaling: ``standard`` for mean and standard deviation, ``min_max`` for 0 to 1.
    """
    read = {name: _transformed(name) for name in FEATURES}
    if scaling == "min_max":
        measures = {
            name: (F.min(value), F.max(value) - F.min(value)) for name, value in read.items()
        }
    else:
        measures = {name: (F.avg(value), F.stddev_pop(value)) for name, value in read.items()}
    moments = train_features.agg(
        *(location.alias(f"mean {name}") for name, (location, _) in measures.items()),
        *(scale.alias(f"scale {name}") for name, (_, scale) in measures.items()),
    ).first()
    assert moments is not None
    return FeatureStatistics(
        names=FEATURES,
        transforms=tuple(transform_of(name) for name in FEATURES),
        mean=tuple(_rounded(moments[f"mean {name}"] or 0.0) for name in FEATURES),
        scale=tuple(_rounded(moments[f"scale {name}"] or 0.0) or 1.0 for name in FEATURES),
        has_mask=tuple(name in NULLABLE for name in FEATURES),
        scaling=scaling,
    )


def _transformed(feature: str) -> Column:
    value = F.col(feature)
    if transform_of(feature) != "log1p":
        return value
    # Not greatest(value, 0): of a null and a zero it takes the zero.
    return F.log1p(F.when(value < 0, 0).otherwise(value))


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")
