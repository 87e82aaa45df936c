"""Build features: the items' days, then snapshots of customers and items at the run date."""

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.features.daily import per_item_day
from insight.point_in_time import EVER, in_dates, keep_as_of, with_neighbours
from insight.snapshots.affinity import per_customer_affinity
from insight.snapshots.customers import (
    LONGEST_WINDOW_DAYS,
    per_customer_features,
    with_last_events_and_description,
)
from insight.snapshots.items import ITEM_WINDOW_DAYS, per_item_features
from insight.snapshots.sequences import per_customer_sequence, with_newer_events
from insight.snapshots.visits import per_visit_and_day, to_customer_daily
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    CUSTOMERS,
    EVENTS,
    ITEM_DAILY,
    ITEM_FEATURES,
    ITEMS,
)

_COMMITS_LOOKED_THROUGH = 100
"""A snapshot made longer ago than so many commits is not carried on from."""


def build_features(run: Run) -> str | None:
    """Add the night to the items' days, then describe every customer and item."""
    events = run.lake.read(EVENTS)
    night = f"ingest_date = '{run.run_date}'"
    run.lake.publish(per_item_day(events.where(night)), ITEM_DAILY, where=night)
    where = f"feature_date = '{run.run_date}'"
    run.lake.publish(_sequences(run, events), CUSTOMER_SEQUENCES, where=where)
    items = keep_as_of(run.lake.read(ITEMS), key="item_id", as_of=run.run_date)
    run.lake.publish(_customers(run, events, items), CUSTOMER_FEATURES, where=where)
    run.lake.publish(_items(run, items), ITEM_FEATURES, where=where)
    return None


BUILD_FEATURES = Stage(
    name="build_features",
    reads=(EVENTS, CUSTOMER_DAILY, CUSTOMERS, ITEMS),
    writes=(ITEM_DAILY, CUSTOMER_SEQUENCES, CUSTOMER_FEATURES, ITEM_FEATURES),
    work=build_features,
)


def _customers(run: Run, events: DataFrame, items: DataFrame) -> DataFrame:
    features = per_customer_features(_days_as_known(run, events), as_of=[run.run_date])
    tonight = F.col("feature_date") == F.lit(run.run_date)
    sequences = run.lake.read(CUSTOMER_SEQUENCES).where(tonight)
    customers = keep_as_of(run.lake.read(CUSTOMERS), key="customer_id", as_of=run.run_date)
    described = customers.withColumn("feature_date", F.lit(run.run_date))
    affinities = per_customer_affinity(sequences, items.withColumn("valid_from", F.lit(EVER)))
    return with_last_events_and_description(features, affinities, described)


def _items(run: Run, items: DataFrame) -> DataFrame:
    # What later nights brought of these days is in rows of their own.
    known = run.lake.read(ITEM_DAILY).where(F.col("ingest_date") <= F.lit(run.run_date))
    days = _window(known, run.run_date, ITEM_WINDOW_DAYS)
    smoothing = run.settings.features.smoothing_days
    return per_item_features(days, items, as_of=run.run_date, smoothing_days=smoothing)


def _days_as_known(run: Run, events: DataFrame) -> DataFrame:
    """Customers' days that features look at, as known by the run date's end.

    When an old date is run again, later nights may have brought late events of its past: the
    daily state holds them, so these days are made anew without them.
    """
    days = _window(run.lake.read(CUSTOMER_DAILY), run.run_date, LONGEST_WINDOW_DAYS)
    past = _window(events, run.run_date, LONGEST_WINDOW_DAYS)
    later = past.where(F.col("ingest_date") > F.lit(run.run_date))
    dates = [row["event_date"] for row in later.select("event_date").distinct().collect()]
    if not dates:
        return days
    known = past.where(F.col("ingest_date") <= F.lit(run.run_date))
    # A late event may have joined visits of the days beside its own.
    around = with_neighbours(dates, days=1)
    near = known.where(in_dates("event_date", with_neighbours(around, days=1)))
    again = to_customer_daily(per_visit_and_day(near, settings=run.settings.sessions))
    where = in_dates("event_date", around)
    return days.where(f"NOT {where}").unionByName(again.where(where))


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
        # An event may be ingested before its date begins: a feed west of Greenwich ends its
        # date on the next one in UTC. Such an event is not in the snapshot yet.
        came_later = F.col("ingest_date") > F.lit(carried_date)
        happened_later = F.col("event_date") > F.lit(carried_date)
        fresh = known.where(came_later | happened_later)
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
