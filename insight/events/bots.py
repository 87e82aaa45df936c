"""Who makes more events, more steadily, or a larger part of all, than a person does."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.settings import CleanSettings

BOT = "bot"

_DAY = ("customer_id", "file_date", "event_date")


def per_bot(raw_events: DataFrame, settings: CleanSettings) -> DataFrame:
    """``bot_id, bot_file_date``: customers who in some day of a delivery are no people.

    Rate: more events in a day than the limit. Regularity: events in more hours of a day than
    anybody is awake. Share: more of a delivery's events than one customer can have. A bot's
    rows are refused for the whole delivery, the quiet days in it too.
    """
    known = raw_events.where("customer_id IS NOT NULL AND event_at IS NOT NULL").select(
        "customer_id", "file_date", F.to_date("event_at").alias("event_date"), "event_at"
    )
    # A sieve of integers first: counting under three keys costs twice as much for all of them.
    value = F.xxhash64(*_DAY).alias("value")
    least = min(settings.bot_min_events, settings.max_events_per_customer_day + 1)
    busy = known.select(value).groupBy("value").count().where(F.col("count") >= least)
    suspects = known.withColumn("value", F.xxhash64(*_DAY)).join(
        F.broadcast(busy.select("value")), on="value", how="left_semi"
    )
    hours = F.expr("bit_count(bit_or(shiftleft(1, hour(event_at))))")
    days = suspects.groupBy(*_DAY).agg(
        F.count(F.lit(1)).alias("event_count"), hours.alias("active_hours")
    )
    totals = raw_events.groupBy(F.col("file_date").alias("total_date")).agg(
        F.count(F.lit(1)).alias("total")
    )
    on = F.col("file_date") == F.col("total_date")
    judged = days.join(F.broadcast(totals), on, how="inner")
    return (
        judged.where(_is_bot(settings))
        .select(F.col("customer_id").alias("bot_id"), F.col("file_date").alias("bot_file_date"))
        .distinct()
    )


def _is_bot(settings: CleanSettings) -> Column:
    too_many = F.col("event_count") > settings.max_events_per_customer_day
    never_sleeps = F.col("active_hours") > settings.max_active_hours
    too_much = F.col("event_count") > settings.max_customer_share * F.col("total")
    return too_many | (
        (F.col("event_count") >= settings.bot_min_events) & (never_sleeps | too_much)
    )


def with_bot_reason(judged: DataFrame, bots: DataFrame) -> DataFrame:
    """Marks the sound events of bots."""
    on = (F.col("customer_id") == F.col("bot_id")) & (F.col("file_date") == F.col("bot_file_date"))
    joined = judged.join(F.broadcast(bots), on, how="left")
    is_bot = F.col("reason").isNull() & F.col("bot_id").isNotNull()
    reason = F.when(is_bot, BOT).otherwise(F.col("reason"))
    return joined.withColumn("reason", reason).drop("bot_id", "bot_file_date")
