"""Customers' days as past cut-offs knew them: without the events that came later."""

from collections.abc import Iterable, Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.delivery_time import NEVER
from insight.point_in_time import EVER, in_dates, with_neighbours
from insight.settings import SessionSettings
from insight.snapshots.visits import per_visit_and_day, to_customer_daily
from insight.tables import CUSTOMER_DAILY

_DATE_LENGTH = 10


def per_late_day(events: DataFrame) -> DataFrame:
    """``customer_id, event_date, known_from``: days that late events touch, whole from a date on.

    A late event may join a visit with the events of the next day, so it touches that day, too.

    Args:
        events: All events of a lake, with ``known_on``.
    """
    late = events.where("customer_id IS NOT NULL AND known_on > event_date")
    days = F.explode(F.array("event_date", F.date_add("event_date", 1))).alias("event_date")
    touched = late.select("customer_id", days, "known_on")
    return touched.groupBy("customer_id", "event_date").agg(F.max("known_on").alias("known_from"))


def last_known_dates(late_days: DataFrame) -> dict[date, date]:
    """For each event date with late events, the date from which all its rows are whole."""
    newest = late_days.groupBy("event_date").agg(F.max("known_from").alias("known_from"))
    # A row per date of history at most.
    rows = newest.where("known_from > event_date").collect()
    return {row["event_date"]: row["known_from"] for row in rows}


def with_known_from(
    customer_daily: DataFrame, late_days: DataFrame, *, late_dates: Mapping[date, date]
) -> DataFrame:
    """Adds ``known_from``: the date from which a row holds all its events.

    Args:
        customer_daily: Daily state.
        late_days: From ``per_late_day``.
        late_dates: From ``last_known_dates``; nothing is joined if there are none.
    """
    if not late_dates:
        return customer_daily.withColumn("known_from", F.lit(EVER))
    joined = customer_daily.join(late_days, on=["customer_id", "event_date"], how="left")
    return joined.withColumn("known_from", F.coalesce("known_from", F.lit(EVER)))


def holds() -> Column:
    """Whether a row of ``days_as_known`` counts for its ``feature_date``."""
    return F.col("feature_date").between(F.col("known_from"), F.col("known_through"))


def days_as_known(
    customer_daily: DataFrame,
    events: DataFrame,
    *,
    late_dates: Mapping[date, date],
    as_of: Iterable[date],
    sessions: SessionSettings,
) -> DataFrame:
    """Daily state with ``known_from`` and ``known_through``, the feature dates of each row.

    A row that holds late events is computed again for each cut-off before the last of them came,
    from what had come by then. ``customer_daily`` is bounded by no delivery, so nothing else
    tells what a cut-off knew.

    Args:
        customer_daily: Daily state, with ``known_from``.
        events: Events that the run knows, with ``known_on``.
        late_dates: From ``last_known_dates``.
        as_of: Cut-offs.
        sessions: What opens a visit.
    """
    whole = customer_daily.withColumn("known_through", F.lit(NEVER))
    cutoffs, dates = _touched(late_dates, as_of)
    if not cutoffs:
        return whole
    asked = F.explode(F.array(*map(F.lit, cutoffs))).alias("feature_date")
    incomplete = (
        customer_daily.where(in_dates("event_date", dates))
        .select("customer_id", "event_date", "known_from", asked)
        .where("event_date <= feature_date AND feature_date < known_from")
        .drop("known_from")
    )
    before = F.explode(F.array("event_date", F.date_sub("event_date", 1))).alias("event_date")
    read = incomplete.select("customer_id", "feature_date", before).distinct()
    near = events.where(in_dates("event_date", with_neighbours(dates, days=1)))
    near = near.join(read, on=["customer_id", "event_date"], how="inner")
    rows = _per_cutoff(near.where("known_on <= feature_date"), sessions)
    key = ["customer_id", "feature_date", "event_date"]
    again = rows.join(incomplete, on=key, how="left_semi").select(
        *CUSTOMER_DAILY.column_names,
        F.col("feature_date").alias("known_from"),
        F.col("feature_date").alias("known_through"),
    )
    return whole.unionByName(again)


def _touched(
    late_dates: Mapping[date, date], as_of: Iterable[date]
) -> tuple[list[date], list[date]]:
    """Cut-offs that lie between a date and its last late events, and the dates before them."""
    pairs = {
        (cutoff, day)
        for cutoff in as_of
        for day, known_from in late_dates.items()
        if day <= cutoff < known_from
    }
    return sorted({cutoff for cutoff, _ in pairs}), sorted({day for _, day in pairs})


def _per_cutoff(events: DataFrame, sessions: SessionSettings) -> DataFrame:
    """Daily state per ``feature_date``: a customer at one cut-off is a customer of its own."""
    name = F.concat(F.col("feature_date").cast("string"), "customer_id")
    days = to_customer_daily(
        per_visit_and_day(events.withColumn("customer_id", name), settings=sessions)
    )
    return days.withColumns(
        {
            "feature_date": F.to_date(F.substring("customer_id", 1, _DATE_LENGTH)),
            "customer_id": F.expr(f"substring(customer_id, {_DATE_LENGTH + 1})"),
        }
    )
