"""Sessionise: visits of the dates that new or late events touch."""

from pyspark.sql import functions as F

from insight.point_in_time import in_dates, touched_dates, with_neighbours
from insight.snapshots.visits import per_session, with_session_start
from insight.stages import Run, Stage
from insight.tables import EVENTS, SESSIONS


def sessionise(run: Run) -> str | None:
    """Compute anew the visits that begin on touched dates or on the days beside them.

    A visit may cross midnight, so an event can lengthen a visit of the day before or take the
    first events of the day after. Visits are read with one more day on each side; a visit
    without a half-hour's silence in 24 hours is no person's. Events of later dates, there in a
    backfill, are read as well: without them the visits of the day after would be lost.
    """
    events = run.lake.read(EVENTS)
    rewritten = with_neighbours(touched_dates(events, run_date=run.run_date), days=1)
    read = in_dates("event_date", with_neighbours(rewritten, days=1))
    known = events.where(read).where(F.col("customer_id").isNotNull())
    visits = per_session(with_session_start(known, gap_minutes=run.settings.sessions.gap_minutes))
    where = in_dates("session_date", rewritten)
    run.lake.publish(visits.where(where), SESSIONS, where=where)
    return None


SESSIONISE = Stage(name="sessionise", reads=(EVENTS,), writes=(SESSIONS,), work=sessionise)
