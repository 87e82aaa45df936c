"""Every raw event of a night with its reason: sieves first, then two passes over the rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.events.bots import per_bot, with_bot_reason
from insight.events.canonical import with_clean_text
from insight.events.described import per_item_version, with_description, with_imputed_values
from insight.events.outliers import BOUNDED, per_category_bounds, with_bounded_values
from insight.events.repeats import (
    COMPARED,
    per_own_value,
    per_suspect_value,
    with_repetition_reason,
    with_suspicion,
)
from insight.events.rules import event_rules, is_sale, with_reason
from insight.point_in_time import in_dates, with_neighbours
from insight.reuse import Keep, kept
from insight.stages import Run
from insight.tables import EVENTS


@dataclass(frozen=True)
class JudgedEvents:
    """The night's raw events, corrected.

    Args:
        refused: With ``reason`` and ``original``, the row as it came.
        sound: All others.
    """

    refused: DataFrame
    sound: DataFrame


@contextmanager
def judged_events(run: Run, raw: DataFrame, items: DataFrame) -> Iterator[JudgedEvents]:
    """Judge every raw event of a night.

    What depends on other rows (bots, repeats, bounds) is found on a few narrow columns first.
    Then all rows pass twice, without a shuffle: once to set aside the few that are refused or
    may be repeats, once for the rest when it is written.

    Args:
        run: The night.
        raw: Its raw events, with ``original``.
        items: Every description of every item up to the night's.
    """
    with kept() as keep:
        yield _judged(run, with_clean_text(raw), items, keep)


def _judged(run: Run, raw: DataFrame, items: DataFrame, keep: Keep) -> JudgedEvents:
    seconds = run.settings.clean.near_repeat_seconds
    known = keep(_known_events(run, raw))
    values = keep(_suspect_values(run, raw, known))
    by_itself = _judged_by_itself(run, raw, items, keep)
    # Bounded before repeats are looked for: other nights' events are known as they were
    # bounded, and one that was refused survives no copy of it.
    rows = with_suspicion(by_itself, values, seconds=seconds)
    aside = keep(rows.where("is_suspect OR reason IS NOT NULL"))
    suspects = aside.where("is_suspect")
    compared = keep(with_repetition_reason(suspects, known, seconds=seconds))
    refused = aside.where("NOT is_suspect").unionByName(compared.where("reason IS NOT NULL"))
    plain = rows.where("NOT is_suspect AND reason IS NULL")
    return JudgedEvents(refused, plain.unionByName(compared.where("reason IS NULL")))


def _judged_by_itself(run: Run, raw: DataFrame, items: DataFrame, keep: Keep) -> DataFrame:
    """Rows described and bounded, with the reason that is none of a repeat."""
    settings = run.settings.clean
    described = with_description(raw, keep(per_item_version(items)))
    described = with_imputed_values(described, settings)
    reasoned = with_reason(described, event_rules(settings, run_date=run.run_date))
    sales = reasoned.where(is_sale()).where("reason IS NULL").select(*BOUNDED)
    bounds = keep(per_category_bounds(keep(sales), settings))
    human = with_bot_reason(reasoned, keep(per_bot(raw, settings)))
    return with_bounded_values(human, bounds, settings)


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
