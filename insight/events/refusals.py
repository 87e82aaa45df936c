"""What cleaning refuses and corrects: the rows, their counts, and when there are too many."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events.bots import BOT
from insight.events.collisions import Collision, refuse_collisions
from insight.events.price_history import PriceShift
from insight.events.repeats import NEAR_REPEAT, REPEATED, REPEATED_SALE
from insight.logs import logger
from insight.settings import CleanSettings, Settings
from insight.tables import EVENTS, Table

log = logger(__name__)

KEPT = "kept"
PRICE_SHIFT = "price_shift"

_NO_FAULT = (KEPT, REPEATED, NEAR_REPEAT, REPEATED_SALE, BOT)
"""Delivered more than once, or by a bot, is kept out, but no sign of a broken source."""

_MOST_PAYLOAD = 10_000
"""Letters of a refused row: a poison row may hold megabytes, and the first part tells enough."""

Counts = Mapping[str, int]
"""Rows by the rule that refused them, or ``kept``; they add up to the rows that came."""


def refused_rows(judged: Mapping[Table, DataFrame], run_date: date) -> DataFrame:
    """The refused rows of every target in the quarantine's form.

    Args:
        judged: Target table to rows with ``reason`` and ``original``.
        run_date: The night.
    """
    parts = [
        rows.where(F.col("reason").isNotNull()).select(
            F.lit(run_date).alias("run_date"),
            F.lit(target.name).alias("target"),
            "reason",
            "source",
            "source_file",
            F.substring(F.to_json("original"), 1, _MOST_PAYLOAD).alias("payload"),
        )
        for target, rows in judged.items()
    ]
    return reduce(DataFrame.unionByName, parts)


def quality_rows(
    counts: Mapping[Table, Counts], corrected: Mapping[Table, Counts], run_date: date
) -> list[tuple[date, str, str, int, float]]:
    """Rows of data_quality: how many each rule touched, and their share of the target's.

    Args:
        counts: Rows by the rule that refused them.
        corrected: Kept rows by what was noted of them; they are counted as kept as well.
        run_date: The night.
    """
    rows = []
    for target, by_rule in counts.items():
        total = max(sum(by_rule.values()), 1)
        both = {**by_rule, **corrected.get(target, {})}
        rows += [
            (run_date, target.name, rule, count, count / total)
            for rule, count in sorted(both.items())
        ]
    return rows


def refuse_night(
    counts: Mapping[Table, Counts],
    shifts: Sequence[PriceShift],
    collisions: Sequence[Collision],
    run_date: date,
    settings: Settings,
) -> None:
    """Stop a night that cannot be trusted, for the first of the reasons below.

    Raises:
        DataQualityError: Too many rows are refused, too many ids name two events, no event is
            new, or prices moved as a whole.
    """
    refuse_bad_night(counts, run_date, settings.clean)
    # Ids that restart may be why nothing new is left.
    refuse_collisions(collisions, run_date, max_share=settings.clean.max_id_collision_share)
    if not settings.ingest.allow_empty_day:
        refuse_nothing_new(counts.get(EVENTS, {}), run_date)
    refuse_shifted_prices(shifts, run_date, settings.clean)


def refuse_bad_night(
    counts: Mapping[Table, Counts], run_date: date, settings: CleanSettings
) -> None:
    """Stop before anything is published from a night that is mostly broken.

    Raises:
        DataQualityError: A target's refused share is above the limit, repeats and bots left
            out; or the share of its rows that are a bot's is.
    """
    for target, by_rule in counts.items():
        total = max(sum(by_rule.values()), 1)
        faults = {rule: n for rule, n in by_rule.items() if rule not in _NO_FAULT}
        bots = {rule: n for rule, n in by_rule.items() if rule == BOT}
        for refused, setting in ((faults, "max_quarantined_share"), (bots, "max_bot_share")):
            most = getattr(settings, setting)
            share = sum(refused.values()) / total
            if share > most:
                worst = sorted(refused.items(), key=lambda item: -item[1])[:3]
                named = ", ".join(f"{count} {rule}" for rule, count in worst)
                raise DataQualityError(
                    f"raw {target.name} of {run_date}",
                    found=f"{share:.1%} of {total} rows refused ({named})",
                    expected=f"at most {most:.1%} (setting clean.{setting})",
                    next_step="look at them in quarantine; raise the limit only if such rows are"
                    " to be expected",
                )


def noted_shifts(shifts: Sequence[PriceShift]) -> Counts:
    """Log each shift of prices; the lines of sales in them for data_quality, each counted once."""
    for shift in shifts:
        log.warning("prices moved", shift=str(shift), items=shift.items, rows=shift.sales)
    whole = {shift.file_date for shift in shifts if shift.category is None}
    counted = (s for s in shifts if s.category is None or s.file_date not in whole)
    return {PRICE_SHIFT: sum(shift.sales for shift in counted)} if shifts else {}


def refuse_shifted_prices(
    shifts: Sequence[PriceShift], run_date: date, settings: CleanSettings
) -> None:
    """Stop before events are published whose prices look like another unit or currency.

    Raises:
        DataQualityError: Items moved against their own past, and the settings say to stop.
    """
    certain = [shift for shift in shifts if shift.is_certain]
    if not certain or settings.price_shift == "warn":
        return
    worst = sorted(certain, key=lambda shift: -shift.sales)[:3]
    raise DataQualityError(
        f"prices of {run_date}",
        found="; ".join(str(shift) for shift in worst),
        expected=f"a factor between {1 / settings.price_shift_factor:.3g} and "
        f"{settings.price_shift_factor:.3g} (setting clean.price_shift_factor)",
        next_step="compare unit and currency of the delivery with those before; deliver it again, "
        "or run the date with clean.price_shift=warn if the prices are right",
    )


def refuse_nothing_new(by_rule: Counts, run_date: date) -> None:
    """Stop a night whose events are all refused: its customers would look as if all had left.

    Raises:
        DataQualityError: There are rows, and none is kept.
    """
    refused = {rule: count for rule, count in by_rule.items() if rule != KEPT}
    if refused and not by_rule.get(KEPT):
        named = ", ".join(f"{count} {rule}" for rule, count in sorted(refused.items()))
        raise DataQualityError(
            f"raw events of {run_date}",
            found=f"no row that can be kept ({named})",
            expected="at least one event that is not in the lake yet",
            next_step="see whether an old file came under a new name, or ids begin again in each"
            " file; ingest.allow_empty_day lets a day without trade pass",
        )
