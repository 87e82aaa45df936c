"""Judges a night's raw events: the doubtful ones are set aside, and looked at closely."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.events.bots import per_bot, with_bot_mark, with_bot_reason
from insight.events.canonical import to_events, with_clean_text, with_original
from insight.events.described import (
    per_item_version,
    with_description,
    with_imputed_values,
    with_single_looks,
)
from insight.events.identities import DIFFERS, EVENT, with_distinct_ids
from insight.events.outliers import BOUNDED, per_category_bounds, with_bounded_values
from insight.events.price_history import (
    PRICED,
    PriceShift,
    per_item_bound,
    per_item_price,
    per_shifted_group,
    shifts_of,
    with_past_price,
)
from insight.events.repeats import (
    COMPARED,
    per_suspect_value,
    with_repetition_reason,
    with_suspicion,
    without_ids,
)
from insight.events.rules import event_rules, is_purchase, is_sale, with_reason
from insight.point_in_time import in_dates, with_neighbours
from insight.reuse import Keep, kept
from insight.stages import Run
from insight.tables import EVENTS, ITEM_PRICES

_MEASURED = tuple(dict.fromkeys((*BOUNDED, *PRICED)))


@dataclass(frozen=True)
class JudgedEvents:
    """What became of the night's raw events.

    Args:
        refused: With ``reason`` and ``original``, the row as it came.
        sound: All others, as rows of the events table.
        sales: Of the sound ones, purchases and returns; no others are ever corrected.
        compared: Of the sound ones, those whose ids were compared; with ``id_differs_in``.
        prices: Rows of the item_prices table.
        shifts: Deliveries and categories whose prices moved together.
    """

    refused: DataFrame
    sound: DataFrame
    sales: DataFrame
    compared: DataFrame
    prices: DataFrame
    shifts: tuple[PriceShift, ...]


@contextmanager
def judged_events(run: Run, raw: DataFrame, items: DataFrame) -> Iterator[JudgedEvents]:
    """Judge every raw event of a night.

    Most rows are a person's looks at items, and sound. What depends on other rows (bots,
    repeats) is found on a few narrow columns first. Then one pass sets aside the rows that need
    a closer look: sales, bots' rows, possible repeats and whatever breaks a rule. All others
    pass once more, without a shuffle, when they are written.

    Args:
        run: The night.
        raw: Its raw events.
        items: Every description of every item up to the night's.
    """
    span = _span(run)
    clean = with_clean_text(raw)
    with kept() as keep:
        versions = keep(per_item_version(items))
        nearby = _events_nearby(run, clean)
        told = clean.select(*COMPARED).unionByName(nearby)
        values = keep(per_suspect_value(told, **span))
        known = keep(with_suspicion(nearby, values, **span).where("is_suspect"))
        bots = keep(per_bot(clean, run.settings.clean))
        aside = keep(_set_aside(run, clean, values, bots))
        described = with_description(with_original(aside, raw.columns), versions)
        judged, prices, shifts = _judged_by_itself(run, described, keep)
        # Bounded before repeats are looked for: other nights' events are known as they were
        # bounded, and one that was refused survives no copy of it.
        suspects = with_distinct_ids(
            judged.where("is_suspect"), known, EVENT, seconds=span["seconds"]
        )
        compared = keep(with_repetition_reason(suspects, known, **span))
        closely = judged.where("NOT is_suspect").unionByName(compared.drop(DIFFERS))
        sound = keep(to_events(closely.where("reason IS NULL")))
        plain = to_events(with_description(_plain(clean, aside, bots), versions))
        yield JudgedEvents(
            refused=closely.where("reason IS NOT NULL"),
            sound=sound.unionByName(plain),
            sales=sound.where(is_sale()),
            compared=compared.where("reason IS NULL"),
            prices=prices,
            shifts=shifts,
        )


class _Span(TypedDict):
    seconds: float
    sale_days: int


def _span(run: Run) -> _Span:
    """How far apart two deliveries of one event may be."""
    settings = run.settings.clean
    return {"seconds": settings.near_repeat_seconds, "sale_days": settings.repeated_sale_days}


def _set_aside(run: Run, clean: DataFrame, values: DataFrame, bots: DataFrame) -> DataFrame:
    """Rows that are not sound at first sight; adds ``is_suspect`` and ``is_bot``."""
    settings = run.settings.clean
    rows = with_suspicion(clean, values, **_span(run))
    rows = with_reason(with_bot_mark(rows, bots), event_rules(settings, run_date=run.run_date))
    is_plain = ~is_sale() & F.expr("reason IS NULL AND NOT is_bot AND NOT is_suspect")
    return rows.where(~is_plain).drop("reason")


def _plain(clean: DataFrame, aside: DataFrame, bots: DataFrame) -> DataFrame:
    """All rows but those set aside: nothing of them is corrected.

    Sales and bots' rows, of which there may be many, are known without asking for their ids.
    """
    looks = with_bot_mark(clean.where(~is_sale()), bots).where("NOT is_bot")
    others = aside.where(~is_sale()).where("NOT is_bot")
    none = F.lit(None).cast("string")
    plain = with_single_looks(without_ids(looks, others))
    return plain.withColumns({"imputed": none, "capped": none})


def _judged_by_itself(
    run: Run, described: DataFrame, keep: Keep
) -> tuple[DataFrame, DataFrame, tuple[PriceShift, ...]]:
    """Rows imputed and bounded, with ``reason`` from all rules except repeats.

    Returns:
        The rows, the night's rows of item_prices, and which deliveries and categories moved.
    """
    settings = run.settings.clean
    imputed = with_imputed_values(described, settings)
    reasoned = with_reason(imputed, event_rules(settings, run_date=run.run_date))
    sales = keep(reasoned.where(is_sale()).where("reason IS NULL").select(*_MEASURED))
    prices = keep(per_item_price(sales))
    compared, shifts = _compared_prices(run, prices, keep)
    bounds = keep(per_category_bounds(sales, settings))
    item_bounds = per_item_bound(compared, shifts, settings)
    judged = with_bounded_values(with_bot_reason(reasoned), bounds, item_bounds, settings)
    dated = prices.withColumn("ingest_date", F.lit(run.run_date))
    return judged, dated.select(*ITEM_PRICES.column_names), shifts


def _compared_prices(
    run: Run, prices: DataFrame, keep: Keep
) -> tuple[DataFrame, tuple[PriceShift, ...]]:
    """The night's prices with their past, and which deliveries and categories moved."""
    settings = run.settings.clean
    # The night's own rows are those of an earlier attempt.
    before = F.col("ingest_date") < F.lit(run.run_date)
    earlier = run.lake.read_or_empty(ITEM_PRICES).where(before)
    dates = prices.agg(F.min("file_date").alias("first"), F.max("file_date").alias("last")).first()
    assert dates is not None
    first, last = dates
    if first == last and (first is None or run.lake.version(ITEM_PRICES) < 0):
        # Nothing to compare, or nothing to compare it with.
        nothing = (prices.where("false"), earlier.where("false"))
        return with_past_price(*nothing, days=settings.price_days), ()
    oldest = first - timedelta(days=settings.price_days)
    earlier = earlier.where(F.col("file_date").between(oldest, last))
    compared = keep(with_past_price(prices, earlier, days=settings.price_days))
    return compared, shifts_of(per_shifted_group(compared, earlier, settings))


def _events_nearby(run: Run, clean: DataFrame) -> DataFrame:
    """Events of other nights that the night's rows may tell of again: ``COMPARED`` columns.

    Those of the night's dates and the days beside them, where a copy's moment may lie; of purchases
    with an order also those of the days within which they are one.
    """
    settings = run.settings.clean
    others = run.lake.read_or_empty(EVENTS).where(F.col("ingest_date") != F.lit(run.run_date))
    if run.lake.version(EVENTS) < 0:
        return others.select(*COMPARED)
    day = F.to_date("event_at")
    # A damaged clock names days that no calendar holds. A feed west of Greenwich ends its date
    # on the next one in UTC.
    last = run.run_date + timedelta(days=1)
    sound = clean.where(day.between(settings.earliest_event_date, last))
    fresh = [row["day"] for row in sound.select(day.alias("day")).distinct().collect()]
    nearby = in_dates("event_date", with_neighbours(fresh, days=1))
    if settings.repeated_sale_days <= 1:
        return others.where(nearby).select(*COMPARED)
    reach = in_dates("event_date", with_neighbours(fresh, days=settings.repeated_sale_days))
    # The dates alone come first: they name the folders that are read.
    within = others.where(reach).where(
        F.expr(nearby) | (is_purchase() & F.col("order_id").isNotNull())
    )
    return within.select(*COMPARED)
