"""Visits: a customer's events with no silence longer than the gap."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window


def with_session_start(events: DataFrame, *, gap_minutes: int) -> DataFrame:
    """Adds ``started_at``: when the visit each event belongs to began.

    A silence longer than the gap opens a new visit; one exactly as long does not.
    """
    ordered = Window.partitionBy("customer_id").orderBy("event_at")
    before = F.lag("event_at").over(ordered)
    silence_micros = F.unix_micros("event_at") - F.unix_micros(before)
    opens = silence_micros.isNull() | (silence_micros > gap_minutes * 60_000_000)
    # Within a visit the newest opening moment is the one the visit began with. A RANGE frame
    # gives events of one moment the same visit, whatever order they are read in.
    upto_now = ordered.rangeBetween(Window.unboundedPreceding, Window.currentRow)
    opened = events.withColumn("_opened_at", F.when(opens, F.col("event_at")))
    return opened.withColumn("started_at", F.max("_opened_at").over(upto_now)).drop("_opened_at")


def per_session(events: DataFrame) -> DataFrame:
    """One row per visit, from events with ``started_at``."""
    is_type = {name: F.col("event_type") == name for name in ("view", "cart", "purchase")}
    visits = events.groupBy("customer_id", "started_at").agg(
        F.max("event_at").alias("ended_at"),
        F.count(F.lit(1)).alias("event_count"),
        *(F.count_if(test).alias(f"{name}_count") for name, test in is_type.items()),
        F.sum(F.when(is_type["purchase"], F.col("amount_cents")).otherwise(0)).alias(
            "amount_cents"
        ),
    )
    seconds = F.col("ended_at").cast("bigint") - F.col("started_at").cast("bigint")
    identity = F.concat_ws("|", "customer_id", F.unix_micros("started_at").cast("string"))
    return visits.select(
        F.md5(identity).alias("session_id"),
        "customer_id",
        "started_at",
        "ended_at",
        seconds.alias("duration_seconds"),
        "event_count",
        "view_count",
        "cart_count",
        "purchase_count",
        "amount_cents",
        F.to_date("started_at").alias("session_date"),
    )
