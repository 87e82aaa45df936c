"""The last events of every customer, carried from one night to the next."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.partitions import together_by
from insight.point_in_time import EVER

Ints = npt.NDArray[np.int64]

_FIELDS = ("event_at", "tie_break", "item_id", "event_type", "price")
"""An event of a sequence. Within one basket a hash of the event's id decides the order: it is
the same on every run and favours no item."""

_STRUCT = "event_at timestamp, tie_break bigint, item_id string, event_type string, price double"


def per_customer_sequence(
    events: DataFrame, *, as_of: Iterable[date], length: int, known_on: str | None = None
) -> DataFrame:
    """``customer_id, feature_date, events``: the last ``length`` about items up to each date.

    Customers without such an event up to a date have no row for it. Each customer's events
    are brought together and sorted once, however many dates are asked for.

    Args:
        events: Clean events.
        as_of: Feature dates.
        length: Most events per sequence.
        known_on: Column with the date from which an event counts; without it all events count
            from the moment at which they happened.
    """
    dates = sorted(as_of)
    counts_from = F.lit(EVER) if known_on is None else F.col(known_on)
    known = events.where("customer_id IS NOT NULL AND item_id IS NOT NULL").select(
        "customer_id",
        "event_at",
        F.xxhash64("event_id").alias("tie_break"),
        "item_id",
        "event_type",
        "price",
        counts_from.alias("counts_from"),
    )

    def sequences(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = list(batches)
        if parts:
            yield from _last_events(pa.Table.from_batches(parts), dates, length)

    schema = f"customer_id string, feature_date date, events array<struct<{_STRUCT}>>"
    return together_by(known, "customer_id").mapInArrow(sequences, schema)


def with_newer_events(carried: DataFrame, newer: DataFrame, *, length: int) -> DataFrame:
    """Yesterday's sequences with the night's events sorted in: late ones find their place."""
    fresh = newer.select("customer_id", F.col("events").alias("_newer"))
    joined = carried.join(fresh, on="customer_id", how="full_outer")
    both = last_of(F.sort_array(F.concat("events", "_newer")), length)
    # Most customers have not come: theirs are passed on as they are.
    merged = (
        F.when(F.col("_newer").isNull(), F.col("events"))
        .when(F.col("events").isNull(), F.col("_newer"))
        .otherwise(both)
    )
    return joined.select("customer_id", merged.alias("events"))


def last_of(events: Column, length: int) -> Column:
    """The last ``length`` elements of an array, in order."""
    start = F.greatest(F.size(events) - length + 1, F.lit(1))
    return F.slice(events, start, F.lit(length))


def _last_events(rows: pa.Table, dates: Sequence[date], length: int) -> Iterator[pa.RecordBatch]:
    """Each customer's events in order, then for each date the run that ends with it."""
    names = rows["customer_id"].combine_chunks().dictionary_encode()
    customer = np.asarray(names.indices, dtype=np.int64)
    micros = np.asarray(rows["event_at"].cast(pa.int64()))
    order = np.lexsort((np.asarray(rows["tie_break"]), micros, customer))
    customer, micros = customer[order], micros[order]
    counts_from = np.asarray(rows["counts_from"].cast(pa.int32()))[order]
    # Only what some date still shows is copied: with one date that is the last of each.
    columns = {name: rows[name].combine_chunks() for name in _FIELDS}
    for day in dates:
        known = np.flatnonzero((micros < _end_of(day)) & (counts_from <= _day_number(day)))
        sizes = np.bincount(customer[known], minlength=len(names.dictionary))
        stops = np.cumsum(sizes)
        counts = np.minimum(sizes, length)
        shown = np.flatnonzero(sizes)
        lists = _lists(columns, order[known], (stops - counts)[shown], counts[shown])
        days = pa.array([day] * len(shown), pa.date32())
        who = names.dictionary.take(pa.array(shown))
        yield pa.RecordBatch.from_arrays(
            [who, days, lists], names=["customer_id", "feature_date", "events"]
        )


def _lists(columns: dict[str, pa.Array], order: Ints, starts: Ints, counts: Ints) -> pa.ListArray:
    offsets = np.concatenate([[0], np.cumsum(counts)])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    places = pa.array(order[np.repeat(starts, counts) + within])
    structs = pa.StructArray.from_arrays(
        [column.take(places) for column in columns.values()], names=list(columns)
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)


def _day_number(day: date) -> int:
    return (day - EVER).days


def _end_of(day: date) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return round(midnight.timestamp()) * 1_000_000
