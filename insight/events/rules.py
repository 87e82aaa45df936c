"""The cleaning rules, in the order they are asked: the first that a row breaks names it."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.settings import CleanSettings

KNOWN_TYPES = ("view", "cart", "purchase", "return")

REPEATED = "repeated"
"""Delivered more than once. Kept out, but no sign of a broken source."""


def event_rules(settings: CleanSettings, *, run_date: date) -> dict[str, Column]:
    """Reason to condition; a null condition counts as not broken."""
    end_of_run_date = F.lit(run_date + timedelta(days=1)).cast("timestamp")
    earliest = F.lit(settings.earliest_event_date).cast("timestamp")
    oldest_on_time = F.date_sub("covers_from", settings.late_days).cast("timestamp")
    return {
        "malformed": F.col("malformed").isNotNull(),
        "no_event_time": F.col("event_at").isNull(),
        "in_the_future": F.col("event_at") >= end_of_run_date,
        "before_earliest_date": F.col("event_at") < earliest,
        "too_late": F.col("event_at") < oldest_on_time,
        "unknown_event_type": ~F.coalesce(F.col("event_type").isin(*KNOWN_TYPES), F.lit(False)),
        "no_item": F.coalesce(F.trim("item_id"), F.lit("")) == "",
        "text_not_clean": _text_not_clean(settings.max_text_length),
        "quantity_not_positive": ~F.coalesce(F.col("quantity") > 0, F.lit(False)),
        "quantity_too_large": _above("quantity", settings.max_quantity),
        "no_price": _is_sale() & F.col("price").isNull(),
        "price_negative": F.col("price") < 0,
        "price_too_large": _above("price", settings.max_price),
        "discount_negative": F.col("discount") < 0,
        "discount_too_large": _above("discount", settings.max_price),
    }


def with_reason(raw_events: DataFrame, rules: dict[str, Column]) -> DataFrame:
    """Adds ``reason``: the first rule the row breaks, null for none."""
    broken = [F.when(condition, F.lit(reason)) for reason, condition in rules.items()]
    return raw_events.withColumn("reason", F.coalesce(*broken))


def with_bot_reason(raw_events: DataFrame, *, max_events_per_day: int) -> DataFrame:
    """Marks the sound events of customers with more of them in one day than people make."""
    day = F.to_date("event_at").alias("bot_date")
    sound = raw_events.where(F.col("reason").isNull() & F.col("customer_id").isNotNull())
    bots = (
        sound.groupBy(F.col("customer_id").alias("bot_id"), day)
        .count()
        .where(F.col("count") > max_events_per_day)
        .drop("count")
    )
    on = (F.col("customer_id") == F.col("bot_id")) & (F.to_date("event_at") == F.col("bot_date"))
    joined = raw_events.join(F.broadcast(bots), on, how="left")
    is_bot = F.col("reason").isNull() & F.col("bot_id").isNotNull()
    return joined.withColumn("reason", F.when(is_bot, "bot").otherwise(F.col("reason"))).drop(
        "bot_id", "bot_date"
    )


def with_repetition_reason(raw_events: DataFrame, known_ids: DataFrame | None) -> DataFrame:
    """Marks all but one of the sound events with equal ids.

    The survivor is the event already in the lake, else the first by file name, then by a hash
    of its content, which differs only where a source brings ids of its own.

    Args:
        raw_events: Events with ``reason``.
        known_ids: ``event_id`` of events that other nights brought; None for none.
    """
    sound = F.col("reason").isNull()
    # A refused row must not be the survivor of a sound one.
    content = F.xxhash64(*(name for name in raw_events.columns if name != "reason"))
    window = Window.partitionBy("event_id", sound).orderBy("source_file", content)
    numbered = raw_events.withColumn("_copy", F.row_number().over(window))
    is_copy = F.col("_copy") > 1
    if known_ids is not None:
        known = known_ids.select(F.col("event_id").alias("known_id"))
        numbered = numbered.join(known, F.col("event_id") == F.col("known_id"), how="left")
        is_copy = is_copy | F.col("known_id").isNotNull()
    else:
        numbered = numbered.withColumn("known_id", F.lit(None).cast("string"))
    reason = F.when(sound & is_copy, REPEATED).otherwise(F.col("reason"))
    return numbered.withColumn("reason", reason).drop("_copy", "known_id")


def to_events(sound: DataFrame) -> DataFrame:
    """Sound raw events in the events table's form.

    Money becomes whole cents: sums of them are exact in any order, so a rerun on other
    partitions gives the same bytes.
    """
    price = F.coalesce("price", F.lit(0.0))
    cents = F.round(F.col("quantity") * price * 100).cast("bigint")
    discount = F.round(F.coalesce("discount", F.lit(0.0)) * 100).cast("bigint")
    return sound.select(
        "event_id",
        "event_at",
        "event_type",
        "ingest_date",
        "customer_id",
        F.trim("item_id").alias("item_id"),
        "order_id",
        "quantity",
        "price",
        cents.alias("amount_cents"),
        discount.alias("discount_cents"),
        "country",
        "source",
        F.to_date("event_at").alias("event_date"),
    )


def _is_sale() -> Column:
    return F.coalesce(F.col("event_type").isin("purchase", "return"), F.lit(False))


def _above(name: str, limit: float) -> Column:
    # NaN compares as greater than any number in Spark, and is refused here with infinity.
    return F.col(name) > limit


def _text_not_clean(max_length: int) -> Column:
    """Control characters, broken UTF-8 (read as U+FFFD), or more text than an id can hold."""
    texts = [F.coalesce(F.col(name), F.lit("")) for name in ("item_id", "order_id", "country")]
    text = F.concat_ws("", *texts)
    return (F.length(text) > max_length) | text.rlike("[\\u0000-\\u001f\\ufffd]")
