"""Who makes more events, more steadily, or a larger part of all, than a person does."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.settings import CleanSettings

BOT = "bot"


def per_bot(raw_events: DataFrame, settings: CleanSettings) -> DataFrame:
    """``bot``: hashes of customer and delivery, where what it holds is no person's doing.

    Rate: more events in a day than the limit. Regularity: events in more hours of a busy day
    than anybody is awake. Share: with a busy day, more of a delivery's events than one customer
    can have. A bot's rows are refused for the whole delivery, the quiet days in it too.
    """
    known = raw_events.where("customer_id IS NOT NULL AND event_at IS NOT NULL")
    # Days by one integer: counting under the customer's text costs twice as much.
    day = F.xxhash64("customer_id", "file_date", F.to_date("event_at")).alias("day")
    days = known.groupBy(day).agg(
        F.count(F.lit(1)).alias("event_count"),
        F.expr("bit_count(bit_or(shiftleft(1, hour(event_at))))").alias("active_hours"),
        F.max(_bot()).alias("bot"),
        F.max("file_date").alias("file_date"),
    )
    deliveries = days.groupBy("bot").agg(
        F.max("file_date").alias("file_date"),
        F.max("event_count").alias("busiest_day"),
        F.sum("event_count").alias("event_count"),
        F.max(F.when(_is_busy("event_count", settings), F.col("active_hours"))).alias(
            "active_hours"
        ),
    )
    totals = raw_events.groupBy("file_date").agg(F.count(F.lit(1)).alias("total"))
    judged = deliveries.join(F.broadcast(totals), on="file_date", how="inner")
    return judged.where(_is_bot(settings)).select("bot")


def _is_busy(events_a_day: str, settings: CleanSettings) -> Column:
    return F.col(events_a_day) >= settings.bot_min_events


def _is_bot(settings: CleanSettings) -> Column:
    too_many = F.col("busiest_day") > settings.max_events_per_customer_day
    never_sleeps = F.col("active_hours") > settings.max_active_hours
    too_much = F.col("event_count") > settings.max_customer_share * F.col("total")
    is_busy = _is_busy("busiest_day", settings)
    return too_many | F.coalesce(never_sleeps, F.lit(False)) | (is_busy & too_much)


def with_bot_mark(rows: DataFrame, bots: DataFrame) -> DataFrame:
    """Adds ``is_bot``: whether the row's customer is a bot in its delivery."""
    joined = rows.join(F.broadcast(bots), _bot() == F.col("bot"), how="left")
    return joined.withColumn("is_bot", F.col("bot").isNotNull()).drop("bot")


def with_bot_reason(judged: DataFrame) -> DataFrame:
    """Marks the sound events of bots."""
    reason = F.when(F.col("reason").isNull() & F.col("is_bot"), BOT).otherwise(F.col("reason"))
    return judged.withColumn("reason", reason)


def _bot() -> Column:
    return F.when(F.col("customer_id").isNotNull(), F.xxhash64("customer_id", "file_date"))
