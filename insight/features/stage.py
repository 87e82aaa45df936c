"""Build features: daily state where events touched it, then snapshots at the run date."""

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.features.daily import per_customer_day, per_item_day
from insight.point_in_time import in_dates, keep_as_of, touched_dates, with_neighbours
from insight.snapshots.customers import LONGEST_WINDOW_DAYS, per_customer_features
from insight.snapshots.items import ITEM_WINDOW_DAYS, per_item_features
from insight.snapshots.sequences import per_customer_sequence, with_newer_events
from insight.snapshots.visits import per_session, with_session_start
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    EVENTS,
    ITEM_DAILY,
    ITEM_FEATURES,
    ITEMS,
    SESSIONS,
)

_COMMITS_LOOKED_THROUGH = 100
"""A snapshot made longer ago than so many commits is not carried on from."""


def build_features(run: Run) -> str | None:
    """Refresh the daily state that the night touched, then describe every customer and item."""
    events = run.lake.read(EVENTS)
    _publish_daily(run, events, touched_dates(events, run_date=run.run_date))
    where = f"feature_date = '{run.run_date}'"
    customer_days, item_days = _days_as_known(run, events)
    features = per_customer_features(customer_days, as_of=[run.run_date])
    run.lake.publish(features, CUSTOMER_FEATURES, where=where)
    items = keep_as_of(run.lake.read(ITEMS), key="item_id", as_of=run.run_date)
    item_features = per_item_features(item_days, items, as_of=run.run_date)
    run.lake.publish(item_features, ITEM_FEATURES, where=where)
    run.lake.publish(_sequences(run, events), CUSTOMER_SEQUENCES, where=where)
    return None


BUILD_FEATURES = Stage(
    name="build_features",
    reads=(EVENTS, SESSIONS, ITEMS),
    writes=(CUSTOMER_DAILY, ITEM_DAILY, CUSTOMER_FEATURES, ITEM_FEATURES, CUSTOMER_SEQUENCES),
    work=build_features,
)


def _publish_daily(run: Run, events: DataFrame, touched: list[date]) -> None:
    # A touched date can move the beginning of a visit to or from the days beside it.
    dates = with_neighbours(touched, days=1)
    where = in_dates("event_date", dates)
    sessions = run.lake.read(SESSIONS).where(in_dates("session_date", dates))
    days = per_customer_day(events.where(where), sessions)
    run.lake.publish(days, CUSTOMER_DAILY, where=where)
    only_touched = in_dates("event_date", touched)
    run.lake.publish(per_item_day(events.where(only_touched)), ITEM_DAILY, where=only_touched)


def _days_as_known(run: Run, events: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Customers' and items' days that features look at, as known by the run date's end.

    When an old date is run again, later nights may have brought late events of its past: the
    daily state holds them, so these days are made anew without them.
    """
    customer_days = _window(run.lake.read(CUSTOMER_DAILY), run.run_date, LONGEST_WINDOW_DAYS)
    item_days = _window(run.lake.read(ITEM_DAILY), run.run_date, ITEM_WINDOW_DAYS)
    past = _window(events, run.run_date, LONGEST_WINDOW_DAYS)
    later = past.where(F.col("ingest_date") > F.lit(run.run_date))
    dates = [row["event_date"] for row in later.select("event_date").distinct().collect()]
    if not dates:
        return customer_days, item_days
    known = past.where(F.col("ingest_date") <= F.lit(run.run_date))
    # A late event may have joined visits of the days beside its own.
    around = with_neighbours(dates, days=1)
    near = known.where(in_dates("event_date", with_neighbours(around, days=1)))
    starts = with_session_start(
        near.where(F.col("customer_id").isNotNull()), gap_minutes=run.settings.sessions.gap_minutes
    )
    begun = per_session(starts).where(in_dates("session_date", around))
    again = per_customer_day(known.where(in_dates("event_date", around)), begun)
    items_again = per_item_day(known.where(in_dates("event_date", dates)))
    return (
        customer_days.where(f"NOT {in_dates('event_date', around)}").unionByName(again),
        item_days.where(f"NOT {in_dates('event_date', dates)}").unionByName(items_again),
    )


def _sequences(run: Run, events: DataFrame) -> DataFrame:
    """Last events per customer: carried from the newest earlier snapshot where there is one."""
    length = run.settings.sequences.length
    carried_date = _newest_snapshot(run)
    known = events.where(F.col("ingest_date") <= F.lit(run.run_date))
    if carried_date is None:
        sequences = per_customer_sequence(known, as_of=[run.run_date], length=length)
    else:
        snapshots = run.lake.read(CUSTOMER_SEQUENCES)
        carried = snapshots.where(F.col("feature_date") == F.lit(carried_date))
        fresh = known.where(F.col("ingest_date") > F.lit(carried_date))
        newer = per_customer_sequence(fresh, as_of=[run.run_date], length=length)
        sequences = with_newer_events(carried.select("customer_id", "events"), newer, length=length)
    return sequences.select(
        "customer_id",
        "events",
        F.size("events").cast("bigint").alias("event_count"),
        F.lit(run.run_date).alias("feature_date"),
    )


def _newest_snapshot(run: Run) -> date | None:
    """The date of the snapshot to carry on from; None where all events are to be read again.

    That is the last feature date before the run date, if it is within reach and no date up to
    it has been ingested again or later since: what such a backfill brought, it does not hold.
    """
    snapshots = run.lake.read_or_empty(CUSTOMER_SEQUENCES)
    reach = run.run_date - timedelta(days=run.settings.clean.late_days + 1)
    before = snapshots.where(
        (F.col("feature_date") < F.lit(run.run_date)) & (F.col("feature_date") >= F.lit(reach))
    )
    row = before.agg(F.max("feature_date").alias("newest")).first()
    newest: date | None = row["newest"] if row is not None else None
    return newest if newest is not None and not _was_backfilled(run, newest) else None


def _was_backfilled(run: Run, snapshot: date) -> bool:
    """Whether events of nights up to a snapshot's were committed after it was made."""
    named = snapshot.isoformat()
    made = run.lake.past_commits(CUSTOMER_SEQUENCES, limit=_COMMITS_LOOKED_THROUGH)
    seen = next((c.inputs.get(EVENTS.name) for c in made if c.run_date == named), None)
    if seen is None:
        return True
    since = run.lake.version(EVENTS) - seen
    later = run.lake.past_commits(EVENTS, limit=since) if since else []
    return any(commit.run_date is not None and commit.run_date <= named for commit in later)


def _window(frame: DataFrame, last: date, days: int) -> DataFrame:
    """Rows of the half-open window (last - days, last]."""
    first = F.col("event_date") > F.lit(last - timedelta(days=days))
    return frame.where(first & (F.col("event_date") <= F.lit(last)))
