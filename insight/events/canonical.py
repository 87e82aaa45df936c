"""Sound raw rows in the form of their tables."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.events.described import joined_marks
from insight.events.rules import delivered_on
from insight.money import to_money

_CLEANED = ("item_id", "search_text")
_CAME = "came_"
_MOST_SEARCHED = 200
"""Letters of a search text that are kept."""


def to_events(sound: DataFrame) -> DataFrame:
    """Rows of the events table.

    Money becomes decimal, each row rounded once: sums of decimals are exact in any order, so a
    rerun on other partitions gives the same bytes.

    Args:
        sound: Sound rows, described and corrected.
    """
    price = F.coalesce("price", F.lit(0.0))
    return sound.select(
        "event_id",
        "event_at",
        "event_type",
        "customer_id",
        "item_id",
        "category",
        "brand",
        "order_id",
        "quantity",
        "price",
        to_money(F.col("quantity") * price).alias("amount"),
        to_money(F.coalesce("discount", F.lit(0.0))).alias("discount"),
        to_money(F.coalesce("coupon", F.lit(0.0))).alias("coupon"),
        "currency",
        "campaign_id",
        "search_text",
        joined_marks([F.col("imputed"), F.col("capped")]).alias("corrections"),
        "country",
        "source",
        "file_date",
        "covers_from",
        delivered_on("event_at").alias("delivered_on"),
        F.to_date("event_at").alias("event_date"),
        "ingest_date",
    )


def with_clean_text(raw_events: DataFrame) -> DataFrame:
    """Items without blanks around them, null where nothing is left; searches in one form.

    How they came stays in ``came_item_id`` and ``came_search_text``.
    """
    item = F.trim("item_id")
    came = {_CAME + name: F.col(name) for name in _CLEANED}
    return raw_events.withColumns(
        {**came, "item_id": F.when(item != "", item), "search_text": clean_search("search_text")}
    )


def with_original(rows: DataFrame, columns: Sequence[str]) -> DataFrame:
    """Adds ``original``, the row as it came, to rows whose text alone has been changed."""
    parts = [F.col(_CAME + name).alias(name) if name in _CLEANED else name for name in columns]
    whole = rows.withColumn("original", F.struct(*parts))
    return whole.drop(*(_CAME + name for name in _CLEANED))


def clean_search(name: str) -> Column:
    """Lower case, single blanks, no control characters, of bounded length; null when empty."""
    text = F.trim(F.lower(F.regexp_replace(name, r"[\s\p{Cntrl}]+", " ")))
    return F.when(text != "", F.substring(text, 1, _MOST_SEARCHED))
