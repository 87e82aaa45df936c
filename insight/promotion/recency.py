"""The recency rule: who bought lately buys again, who has not leaves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from sklearn.isotonic import IsotonicRegression

from insight.encoding.features import FeatureStatistics
from insight.encoding.tasks import YES_NO_TASKS
from insight.metrics.arrays import Doubles

FEATURE = "days_since_last_order"

LONGER_THAN_ANY = 11.0
"""Stands for "no order known"; normalised features are clipped at ten deviations."""

_SMALLEST = 1e-6
_TIE_BREAK = 1e-9
"""Eleven of these are far below the smallest probability."""


@dataclass(frozen=True)
class RecencyRule:
    """A probability that only rises, or only falls, with the time since the last order.

    Args:
        curve: Fitted on (normalised recency, label) counts.
        smallest: No probability is nearer to 0 or 1 than this.
        rises: Whether the probability rises with the silence (churn) or falls (purchase).
    """

    curve: IsotonicRegression
    smallest: float
    rises: bool

    def probabilities(self, recency: Doubles) -> Doubles:
        """Of label 1 for each normalised recency, shape (rows,).

        The fitted curve is made of steps. Within a step the rule still prefers the more
        recent customer, by a hair: without it the baseline would lose AUC to ties that the
        rule itself does not have.
        """
        steps = np.clip(self.curve.predict(recency), self.smallest, 1.0 - self.smallest)
        return np.asarray(steps + (1 if self.rises else -1) * _TIE_BREAK * recency)


def with_recency(examples: DataFrame, statistics: FeatureStatistics) -> DataFrame:
    """Add the normalised days since the last order, as double; a missing one is the longest."""
    position = statistics.names.index(FEATURE)
    days = F.element_at("features", position + 1).cast("double")
    if not statistics.has_mask[position]:
        return examples.withColumn("recency", days)
    masks_before = sum(statistics.has_mask[:position])
    is_missing = F.element_at("features", len(statistics.names) + masks_before + 1) > 0.5
    recency = F.when(is_missing, F.lit(LONGER_THAN_ANY)).otherwise(days)
    return examples.withColumn("recency", recency)


def fit_recency_rules(examples: DataFrame) -> dict[str, RecencyRule]:
    """Fit one rule per yes/no task on counts per recency; a task without labels has none.

    Args:
        examples: Train and validation examples with ``recency``.
    """
    counted = (
        examples.groupBy("recency")
        .agg(*(each for task in YES_NO_TASKS for each in _counts(task)))
        .orderBy("recency")
        .collect()
    )
    rules = {}
    for task in YES_NO_TASKS:
        rows = [(row["recency"], row[f"{task}_rows"], row[f"{task}_yes"]) for row in counted]
        labelled = [row for row in rows if row[1] > 0]
        if labelled:
            rules[task] = _rule(labelled, rises=task == "churn")
    return rules


def _counts(task: str) -> list[Column]:
    return [
        F.sum(f"has_{task}").alias(f"{task}_rows"),
        F.sum(F.col(f"has_{task}") * F.col(task)).alias(f"{task}_yes"),
    ]


def _rule(counted: Sequence[tuple[float, float, float]], *, rises: bool) -> RecencyRule:
    recency, rows, yes = np.array(counted, dtype=np.float64).T
    curve = IsotonicRegression(increasing=rises, out_of_bounds="clip")
    curve.fit(recency, yes / rows, sample_weight=rows)
    return RecencyRule(curve, smallest=max(1.0 / (rows.sum() + 2.0), _SMALLEST), rises=rises)
