"""Sessionise: visits and customers' days, of the customers and dates that the night touched."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.point_in_time import dates_in, in_dates, touched_dates, with_neighbours
from insight.snapshots.visits import per_visit_and_day, to_customer_daily, to_sessions
from insight.stages import Run, Stage
from insight.tables import CUSTOMER_DAILY, EVENTS, SESSIONS, Table

_RECENT_COMMITS = 100
_ALL_COMMITS = 1_000_000


def sessionise(run: Run) -> str | None:
    """Compute anew what the night's events touched; carry over the other customers' rows.

    A visit may cross midnight, so an event can lengthen a visit of the day before or take the
    first events of the day after: both are rewritten with its own. They are read with one more
    day on each side; a visit without a half-hour's silence in 24 hours is no person's. Events
    of later dates, there in a backfill, are read as well: without them the visits of the day
    after would be lost.
    """
    events = run.lake.read(EVENTS)
    earlier = _dates_of_earlier_attempts(run)
    fresh = with_neighbours(touched_dates(events, run_date=run.run_date), days=1)
    rewritten = sorted({*fresh, *earlier})
    near = events.where(in_dates("event_date", with_neighbours(rewritten, days=1)))
    # An earlier attempt may have had other events: then nothing of its dates is carried over.
    is_first = run.lake.version(SESSIONS) < 0
    touched = None if earlier or is_first else _touched_customers(run, events)
    known = near if touched is None else near.join(touched, on="customer_id", how="left_semi")
    both = per_visit_and_day(known, settings=run.settings.sessions).persist()
    try:
        _replace(run, to_sessions(both), SESSIONS, rewritten, touched)
        _replace(run, to_customer_daily(both), CUSTOMER_DAILY, rewritten, touched)
    finally:
        both.unpersist()
    return None


SESSIONISE = Stage(
    name="sessionise",
    reads=(EVENTS,),
    writes=(SESSIONS, CUSTOMER_DAILY),
    work=sessionise,
)


def _dates_of_earlier_attempts(run: Run) -> set[date]:
    """Dates that earlier runs of this date rewrote: they must not keep what came of them."""
    if run.lake.version(SESSIONS) < 0:
        return set()
    named = run.run_date.isoformat()
    commits = run.lake.past_commits(SESSIONS, limit=_RECENT_COMMITS)
    if any(commit.run_date and commit.run_date > named for commit in commits):
        # Later dates were there before: this one may have been, however long ago.
        commits = run.lake.past_commits(SESSIONS, limit=_ALL_COMMITS)
    return {day for commit in commits if commit.run_date == named for day in dates_in(commit.where)}


def _touched_customers(run: Run, events: DataFrame) -> DataFrame:
    """Customers of whom the night brought events."""
    fresh = events.where(F.col("ingest_date") == F.lit(run.run_date))
    return fresh.where("customer_id IS NOT NULL").select("customer_id").distinct()


def _replace(
    run: Run, rows: DataFrame, table: Table, dates: list[date], touched: DataFrame | None
) -> None:
    where = in_dates(table.partition_by[0], dates)
    rows = rows.where(where)
    if touched is not None:
        others = run.lake.read(table).where(where)
        rows = rows.unionByName(others.join(touched, on="customer_id", how="left_anti"))
    run.lake.publish(rows, table, where=where)
