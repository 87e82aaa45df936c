"""The last events of every customer, carried from one night to the next."""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def event_struct() -> Column:
    """One event of a sequence.

    Structs sort by their fields in order: by time, then, within one basket, by a hash of the
    event id, which is the same on every run and favours no item.
    """
    return F.struct(
        "event_at",
        F.xxhash64("event_id").alias("tie_break"),
        "item_id",
        "event_type",
        "price",
    )


def per_customer_sequence(events: DataFrame, *, as_of: Iterable[date], length: int) -> DataFrame:
    """``customer_id, feature_date, events``: the last ``length`` events up to each date.

    Customers without an event up to a date have no row for it. Each customer's events are
    brought together once, however many dates are asked for.
    """
    dates = F.explode(F.array(*(F.lit(day) for day in sorted(as_of)))).alias("feature_date")
    known = events.where(F.col("customer_id").isNotNull())
    collected = known.groupBy("customer_id").agg(
        F.sort_array(F.collect_list(event_struct())).alias("events")
    )
    end_of_day = F.date_add("feature_date", 1).cast("timestamp")
    dated = collected.select("customer_id", dates, "events")
    upto = F.filter("events", lambda event: event["event_at"] < end_of_day)
    cut = dated.withColumn("events", last_of(upto, length))
    return cut.where(F.size("events") > 0)


def with_newer_events(carried: DataFrame, newer: DataFrame, *, length: int) -> DataFrame:
    """Yesterday's sequences with the night's events sorted in: late ones find their place."""
    fresh = newer.select("customer_id", F.col("events").alias("_newer"))
    joined = carried.join(fresh, on="customer_id", how="full_outer")
    nothing = F.array().cast(newer.schema["events"].dataType)
    both = F.concat(F.coalesce("events", nothing), F.coalesce("_newer", nothing))
    return joined.select("customer_id", last_of(F.sort_array(both), length).alias("events"))


def last_of(events: Column, length: int) -> Column:
    """The last ``length`` elements of an array, in order."""
    start = F.greatest(F.size(events) - length + 1, F.lit(1))
    return F.slice(events, start, F.lit(length))
