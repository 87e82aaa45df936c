"""What cleaning refuses: the rows, their counts, and when there are too many."""

from collections.abc import Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events.rules import REPEATED
from insight.tables import Table

KEPT = "kept"

_MOST_PAYLOAD = 10_000
"""Letters of a refused row: a poison row may hold megabytes, and the first part tells enough."""

Counts = Mapping[str, int]
"""Rows by the rule that refused them, or ``kept``."""


def counts_of(judged: DataFrame) -> Counts:
    """Rows of a frame with ``reason``, by reason."""
    rows = judged.groupBy(F.coalesce("reason", F.lit(KEPT)).alias("rule")).count().collect()
    return {row["rule"]: row["count"] for row in rows}


def refused_rows(judged: Mapping[Table, tuple[Table, DataFrame]], run_date: date) -> DataFrame:
    """The refused rows of every target in the quarantine's form.

    Args:
        judged: Target table to the raw table and its rows with ``reason``.
        run_date: The night.
    """
    parts = []
    for target, (raw_table, rows) in judged.items():
        payload = F.to_json(F.struct(*raw_table.column_names))
        parts.append(
            rows.where(F.col("reason").isNotNull()).select(
                F.lit(run_date).alias("run_date"),
                F.lit(target.name).alias("target"),
                "reason",
                "source",
                "source_file",
                F.substring(payload, 1, _MOST_PAYLOAD).alias("payload"),
            )
        )
    return reduce(DataFrame.unionByName, parts)


def quality_rows(
    counts: Mapping[Table, Counts], run_date: date
) -> list[tuple[date, str, str, int, float]]:
    """Rows of data_quality: how many each rule touched, and their share of the target's."""
    return [
        (run_date, target.name, rule, count, count / sum(by_rule.values()))
        for target, by_rule in counts.items()
        for rule, count in sorted(by_rule.items())
    ]


def refuse_bad_night(counts: Mapping[Table, Counts], run_date: date, *, limit: float) -> None:
    """Stop before anything is published from a night that is mostly broken.

    Raises:
        DataQualityError: A target's refused share is above the limit; repeats do not count.
    """
    for target, by_rule in counts.items():
        total = sum(by_rule.values())
        refused = {rule: n for rule, n in by_rule.items() if rule not in (KEPT, REPEATED)}
        share = sum(refused.values()) / total if total else 0.0
        if share > limit:
            worst = sorted(refused.items(), key=lambda item: -item[1])[:3]
            named = ", ".join(f"{count} {rule}" for rule, count in worst)
            raise DataQualityError(
                f"raw {target.name} of {run_date}",
                found=f"{share:.1%} of {total} rows refused ({named})",
                expected=f"at most {limit:.1%} (setting clean.max_quarantined_share)",
                next_step="look at them in quarantine; raise the limit only if such rows are to"
                " be expected",
            )
