"""Recent popularity: the next item is the one that most people touched lately."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from insight.encoding.vocabulary import UNKNOWN
from insight.metrics.arrays import Doubles
from insight.metrics.lists import self_information

DEPTH = 100
"""Places of a popularity list. Metrics look at the first ``contenders.LIST_LENGTH`` (10)."""


def popularity_name(days: int) -> str:
    """The baseline's name: ``recent_popularity_7d``."""
    return f"recent_popularity_{days}d"


def last_known_date(cutoff_at: int) -> date:
    """The last whole day before a cut-off.

    Args:
        cutoff_at: End of a day, in seconds since 1970 UTC.
    """
    return datetime.fromtimestamp(cutoff_at - 1, UTC).date()


def with_popularity_ranks(
    targets: DataFrame,
    item_daily: DataFrame,
    vocabulary: DataFrame,
    *,
    windows: tuple[int, ...],
) -> DataFrame:
    """Add the rank of each row's true next item among the most popular before its cut-off.

    Only whole days before the cut-off count. Items of equal popularity stand in vocabulary
    order, which is that of their popularity in the whole training window: a stronger baseline
    than breaking ties against it. The rank is null where the item is not among the first
    ``DEPTH``.

    Args:
        targets: With cutoff_at and next_item.
        item_daily: Interactions per item and day.
        vocabulary: item_id to item_index; items outside it are no candidates for anyone.
        windows: Days to look back, one baseline each.

    Returns:
        ``targets`` with a double column ``recent_popularity_<days>d`` for each window.
    """
    cutoffs = sorted(row[0] for row in targets.select("cutoff_at").distinct().collect())
    ranked = targets
    for days in windows:
        popular = [
            per_popular_item(item_daily, vocabulary, cutoff_at=each, days=days) for each in cutoffs
        ]
        for frame in popular[1:]:
            popular[0] = popular[0].unionByName(frame)
        if popular:
            ranked = ranked.join(popular[0], on=["cutoff_at", "next_item"], how="left")
        else:
            ranked = ranked.withColumn(popularity_name(days), F.lit(None).cast("double"))
    return ranked


def per_popular_item(
    item_daily: DataFrame, vocabulary: DataFrame, *, cutoff_at: int, days: int
) -> DataFrame:
    """The ``DEPTH`` items with the most interactions in the days before one cut-off.

    Returns:
        cutoff_at, next_item (the item's index) and its rank from 1, one row per item.
    """
    last = last_known_date(cutoff_at)
    first = last - timedelta(days=days - 1)
    # Literal dates, so that only the window's partitions are opened.
    recent = item_daily.where(F.col("event_date").between(F.lit(first), F.lit(last)))
    popularity = recent.groupBy("item_id").agg(F.sum(_interactions()).alias("interactions"))
    order = [F.desc("interactions"), F.asc("item_index")]
    return (
        popularity.where("interactions > 0")
        .join(vocabulary.select("item_id", "item_index"), on="item_id", how="inner")
        # Every task keeps its first few, so that one task ranks no more than these.
        .orderBy(*order)
        .limit(DEPTH)
        .select(
            F.lit(cutoff_at).cast("bigint").alias("cutoff_at"),
            F.col("item_index").alias("next_item"),
            F.row_number().over(Window.orderBy(*order)).cast("double").alias(popularity_name(days)),
        )
    )


def training_self_information(vocabulary: DataFrame) -> Doubles:
    """Self-information of every item index by its events in the training window, in bits."""
    rows = vocabulary.select("item_index", "event_count").collect()
    counts = np.zeros(max((row[0] for row in rows), default=UNKNOWN) + 1, dtype=np.int64)
    for index, count in rows:
        counts[index] = count
    return self_information(counts)


def _interactions() -> Column:
    return F.col("view_count") + F.col("cart_count") + F.col("purchase_count")
