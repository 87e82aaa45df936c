"""What cleaning refuses and corrects: the rows, their counts, and when there are too many."""

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events.bots import BOT
from insight.events.repeats import NEAR_REPEAT, REPEATED
from insight.tables import Table

KEPT = "kept"

_NO_FAULT = (KEPT, REPEATED, NEAR_REPEAT, BOT)
"""Delivered more than once, or by a bot, is kept out, but no sign of a broken source."""

_MOST_BOTS = 0.5
"""Of a target's rows. Where more than that is a bot's, rather everybody has got one name."""

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


def refuse_bad_night(counts: Mapping[Table, Counts], run_date: date, *, limit: float) -> None:
    """Stop before anything is published from a night that is mostly broken.

    Raises:
        DataQualityError: A target's refused share is above the limit, repeats and bots left
            out; or more than half of its rows are a bot's.
    """
    for target, by_rule in counts.items():
        total = max(sum(by_rule.values()), 1)
        faults = {rule: n for rule, n in by_rule.items() if rule not in _NO_FAULT}
        bots = {rule: n for rule, n in by_rule.items() if rule == BOT}
        for refused, most, setting in (
            (faults, limit, "setting clean.max_quarantined_share"),
            (bots, _MOST_BOTS, "a bot beside people"),
        ):
            share = sum(refused.values()) / total
            if share > most:
                worst = sorted(refused.items(), key=lambda item: -item[1])[:3]
                named = ", ".join(f"{count} {rule}" for rule, count in worst)
                raise DataQualityError(
                    f"raw {target.name} of {run_date}",
                    found=f"{share:.1%} of {total} rows refused ({named})",
                    expected=f"at most {most:.1%} ({setting})",
                    next_step="look at them in quarantine; raise the limit only if such rows are"
                    " to be expected",
                )


def refuse_lost_rows(target: Table, run_date: date, *, kept: int, written: int) -> None:
    """Every row that came is either written or refused, once.

    Raises:
        DataQualityError: The table's rows are not those that were kept.
    """
    if kept != written:
        raise DataQualityError(
            f"{target.name} of {run_date}",
            found=f"{written} rows written",
            expected=f"{kept}: those that came less those refused",
            next_step="report it with the night's quarantine: a rule has lost or doubled rows",
        )
