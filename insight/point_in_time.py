"""What was known when: dates that a night touches, windows up to a date, facts as of a date."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

EVER = date(1970, 1, 1)
"""Before anything that a shop tells of."""

_BOOKKEEPING = ("known_from", "ingest_date")


def touched_dates(events: DataFrame, *, run_date: date) -> list[date]:
    """Event dates of what this night's files brought, in order; the run date always.

    A rerun may leave the run date without the events it had: it is rewritten all the same.
    """
    fresh = events.where(F.col("ingest_date") == F.lit(run_date)).select("event_date").distinct()
    return sorted({run_date, *(row["event_date"] for row in fresh.collect())})


def with_neighbours(dates: Iterable[date], *, days: int) -> list[date]:
    """The dates and those up to ``days`` before and after each, in order."""
    shifts = range(-days, days + 1)
    return sorted({day + timedelta(days=shift) for day in dates for shift in shifts})


def in_dates(column: str, dates: Iterable[date]) -> str:
    """A predicate that names exactly these dates, as ranges; false where there are none."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(set(dates)):
        if ranges and day - ranges[-1][1] == timedelta(days=1):
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    terms = [f"{column} BETWEEN DATE'{first}' AND DATE'{last}'" for first, last in ranges]
    return f"({' OR '.join(terms)})" if terms else "false"


def dates_in(predicate: str) -> list[date]:
    """The dates that a predicate of ``in_dates`` names."""
    ranges = re.findall(r"BETWEEN DATE'([\d-]+)' AND DATE'([\d-]+)'", predicate)
    bounds = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in ranges]
    return sorted(
        {
            first + timedelta(days=n)
            for first, last in bounds
            for n in range((last - first).days + 1)
        }
    )


def keep_as_of(described: DataFrame, *, key: str, as_of: date) -> DataFrame:
    """One row per entity: what was known of it at the end of a date, by what was read by then.

    Of two descriptions of one date, the one that a later night read is the newer.
    """
    known = described.where(
        (F.col("known_from") <= F.lit(as_of)) & (F.col("ingest_date") <= F.lit(as_of))
    )
    attributes = [name for name in described.columns if name not in (key, *_BOOKKEEPING)]
    newest = F.max_by(F.struct(*attributes), F.struct(*_BOOKKEEPING)).alias("newest")
    return known.groupBy(key).agg(newest).select(key, *(f"newest.{name}" for name in attributes))


def per_version(described: DataFrame, *, key: str, attributes: Sequence[str]) -> DataFrame:
    """``key, valid_from, attributes``: one row per entity and change of these attributes.

    Of two descriptions of one date, the one that a later night read is the one that counts.
    """
    history = Window.partitionBy(key).orderBy(*_BOOKKEEPING)
    columns = described.select(key, *_BOOKKEEPING, *attributes)
    after = F.lead("known_from").over(history)
    counted = columns.withColumn("_after", after).where("_after IS NULL OR _after > known_from")
    before = F.lag(F.struct(*attributes)).over(history)
    changed = before.isNull() | ~before.eqNullSafe(F.struct(*attributes))
    versions = counted.withColumn("_changed", changed).where("_changed")
    return versions.select(key, F.col("known_from").alias("valid_from"), *attributes)


def versions_as_of(versions: DataFrame, *, key: str, dates: Iterable[date]) -> DataFrame:
    """``key, feature_date, attributes``: the version of each entity at the end of each date."""
    attributes = [name for name in versions.columns if name not in (key, "valid_from")]
    days = F.explode(F.array(*(F.lit(day) for day in sorted(dates)))).alias("feature_date")
    known = versions.select("*", days).where("valid_from <= feature_date")
    newest = F.max_by(F.struct(*attributes), "valid_from").alias("newest")
    found = known.groupBy(key, "feature_date").agg(newest)
    return found.select(key, "feature_date", *(f"newest.{name}" for name in attributes))
