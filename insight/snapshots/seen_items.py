"""Items that a customer has seen, which a shop may never want to recommend again."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def per_customer_seen(
    events: DataFrame, *, as_of: date, kinds: Sequence[str], days: int
) -> DataFrame:
    """``customer_id, seen_items``: distinct items of a customer's events, in order of their names.

    Args:
        events: Rows of the events table.
        as_of: What is known by the end of this date counts, in ``days`` up to and with it.
        kinds: Event types that make an item a seen one.
        days: Length of the window.
    """
    known = F.col("ingest_date") <= F.lit(as_of)
    in_window = _in_window(F.lit(as_of), days)
    items = F.sort_array(F.collect_set("item_id")).alias("seen_items")
    return _of_kinds(events.where(known & in_window), kinds).groupBy("customer_id").agg(items)


def without_seen_targets(
    examples: DataFrame,
    events: DataFrame,
    vocabulary: DataFrame,
    *,
    kinds: Sequence[str],
    days: int,
) -> DataFrame:
    """The same rows; ``next_item`` becomes 0, as if there were none, if it is a seen item.

    What may not be recommended is no question to judge recommendations by. An item outside the
    vocabulary stays: its index does not name it.

    Args:
        examples: ``customer_id, cutoff_at, next_item`` and more.
        events: Rows of the events table, as known by the run date.
        vocabulary: ``item_id, item_index``.
        kinds: Event types that make an item a seen one.
        days: Length of the window, up to and with the date of the cut-off.
    """
    columns = examples.columns
    # A cut-off is the midnight that ends its day.
    cutoff = F.to_date(F.timestamp_seconds(F.col("cutoff_at") - 1))
    bought = _of_kinds(events, kinds).join(vocabulary, on="item_id", how="inner")
    seen = bought.select(F.col("customer_id").alias("_who"), "item_index", "event_date")
    keys = examples.where("next_item > 0").select("customer_id", "cutoff_at", "next_item")
    met = keys.distinct().join(
        seen,
        (F.col("customer_id") == F.col("_who"))
        & (F.col("next_item") == F.col("item_index"))
        & _in_window(cutoff, days),
        how="left_semi",
    )
    marked = met.withColumn("_is_seen", F.lit(True))
    joined = examples.join(marked, on=["customer_id", "cutoff_at", "next_item"], how="left")
    none = F.lit(0).cast(examples.schema["next_item"].dataType)
    next_item = F.when(F.col("_is_seen"), none).otherwise(F.col("next_item"))
    return joined.withColumn("next_item", next_item).select(*columns)


def _of_kinds(events: DataFrame, kinds: Sequence[str]) -> DataFrame:
    named = F.col("customer_id").isNotNull() & F.col("item_id").isNotNull()
    return events.where(F.col("event_type").isin(*kinds) & named).select(
        "customer_id", "item_id", "event_date"
    )


def _in_window(last: Column, days: int) -> Column:
    return (F.col("event_date") <= last) & (F.col("event_date") > F.date_sub(last, days))
