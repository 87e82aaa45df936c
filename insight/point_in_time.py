"""What was known when: dates that a night touches, windows up to a date, facts as of a date."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


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
    """One row per entity: what was known of it at the end of a date."""
    known = described.where(F.col("known_from") <= F.lit(as_of))
    bookkeeping = (key, "known_from", "ingest_date")
    attributes = [name for name in described.columns if name not in bookkeeping]
    newest = F.max_by(F.struct(*attributes), "known_from").alias("newest")
    return known.groupBy(key).agg(newest).select(key, *(f"newest.{name}" for name in attributes))
