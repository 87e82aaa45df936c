"""Every raw event of a night with its reason: sieves first, then one pass over the rows."""

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.events.bots import per_bot, with_bot_reason
from insight.events.canonical import with_clean_text
from insight.events.described import with_description, with_imputed_values
from insight.events.outliers import per_category_bounds, with_bounded_values
from insight.events.repeats import (
    COMPARED,
    per_own_value,
    per_suspect_value,
    with_repetition_reason,
    with_suspicion,
)
from insight.events.rules import event_rules, is_sale, with_reason
from insight.point_in_time import in_dates, with_neighbours
from insight.stages import Run
from insight.tables import EVENTS, RAW_EVENTS


@contextmanager
def judged_events(run: Run, versions: DataFrame) -> Iterator[DataFrame]:
    """The night's raw events, corrected, with ``reason`` and ``original``, the row as it came.

    What depends on other rows (bots, repeats, bounds) is found on a few narrow columns and
    kept; the rows themselves then pass once, without a shuffle, as often as they are asked for.

    Args:
        run: The night.
        versions: Item descriptions by the time they hold (``per_item_version``).
    """
    settings = run.settings.clean
    raw = with_clean_text(_raw(run))
    described = with_imputed_values(with_description(raw, versions), settings)
    rules = event_rules(settings, run_date=run.run_date)
    sales = with_reason(described.where(is_sale()), rules).where("reason IS NULL")
    known = _known_events(run, raw).persist()
    values = _suspect_values(run, raw, known).persist()
    bots = per_bot(raw, settings).persist()
    bounds = per_category_bounds(sales, settings).persist()
    suspicious = with_suspicion(described, values, seconds=settings.near_repeat_seconds)
    human = with_bot_reason(with_reason(suspicious, rules), bots)
    # Before repeats are looked for: other nights' events are known as they were bounded, and
    # one that was refused survives no copy of it.
    bounded = with_bounded_values(human, bounds, settings)
    suspects = with_repetition_reason(
        bounded.where("is_suspect"), known, seconds=settings.near_repeat_seconds
    ).persist()
    rows = bounded.where("NOT is_suspect").unionByName(suspects).drop("is_suspect")
    try:
        yield rows
    finally:
        for frame in (known, values, bots, bounds, suspects):
            frame.unpersist()


def _raw(run: Run) -> DataFrame:
    raw = run.lake.read(RAW_EVENTS).where(F.col("ingest_date") == F.lit(run.run_date))
    return raw.withColumn("original", F.struct(*RAW_EVENTS.column_names))


def _known_events(run: Run, raw: DataFrame) -> DataFrame:
    """Events of other nights that the night's rows may tell of again: ``COMPARED`` columns.

    Only where both lie on the same dates, which late events do, and only those whose id or
    moment is one of the night's.
    """
    seconds = run.settings.clean.near_repeat_seconds
    others = run.lake.read_or_empty(EVENTS).where(F.col("ingest_date") != F.lit(run.run_date))
    if run.lake.version(EVENTS) < 0:
        return others.select(*COMPARED)
    day = F.to_date("event_at")
    # A damaged clock names days that no calendar holds.
    sound = raw.where(day.between(run.settings.clean.earliest_event_date, run.run_date))
    fresh = [row["day"] for row in sound.select(day.alias("day")).distinct().collect()]
    near = in_dates("event_date", with_neighbours(fresh, days=1))
    there = others.where(near).select("event_date").distinct().collect()
    dates = with_neighbours((row["event_date"] for row in there), days=1)
    values = per_own_value(raw.where(day.isin(dates)), seconds=seconds)
    compared = others.where(near).select(*COMPARED)
    return with_suspicion(compared, values, seconds=seconds).where("is_suspect").drop("is_suspect")


def _suspect_values(run: Run, raw: DataFrame, known: DataFrame) -> DataFrame:
    seconds = run.settings.clean.near_repeat_seconds
    within = per_suspect_value(raw, seconds=seconds)
    if run.lake.version(EVENTS) < 0:
        return within
    return within.unionByName(per_own_value(known, seconds=seconds)).distinct()
