"""Logistic regression on the model's own features: what a night of training must match."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import DataFrame
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from insight.encoding.splits import TRAIN, VALIDATION
from insight.encoding.tasks import YES_NO_TASKS
from insight.metrics.arrays import Doubles, Floats
from insight.metrics.classification import has_both_classes
from insight.promotion.inputs import KEY, design_of
from insight.promotion.sample import keep_fitted_rows

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Inverse regularisation strengths to choose from on the validation split."""


@dataclass(frozen=True)
class LinearRule:
    """A fitted logistic regression: one weight per feature, the intercept last."""

    weights: Doubles

    def probabilities(self, features: Floats) -> Doubles:
        """Of label 1, for features of shape (rows, width)."""
        log_odds = features.astype(np.float64) @ self.weights[:-1] + self.weights[-1]
        # The logistic function by tanh does not overflow at either end.
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def fit_logistic_regressions(examples: DataFrame, *, most_rows: int) -> dict[str, LinearRule]:
    """Fit one regression per yes/no task, in one executor task; only the weights come back.

    Args:
        examples: Examples of all splits that are learned from.
        most_rows: Above this, a fixed share of customers is taken: a linear rule on a few
            dozen features learns nothing more from more rows, and the task stays small.

    Returns:
        Task to rule; a task whose training labels are of one class has none.
    """
    labels = [f"{prefix}{task}" for task in YES_NO_TASKS for prefix in ("", "has_")]
    fitted = (
        keep_fitted_rows(examples, most_rows=most_rows)
        .select(*KEY, "split", "features", "campaign_context", *labels)
        .repartition(1)
        # The sums of a fit depend on the order of its rows in the last digits.
        .sortWithinPartitions(*KEY)
        .mapInArrow(_fitted, "task string, weights array<double>")
        .collect()
    )
    return {row["task"]: LinearRule(np.array(row["weights"])) for row in fitted}


def _fitted(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    received = list(batches)
    if not received:
        return
    rows = pa.Table.from_batches(received).combine_chunks()
    split = np.asarray(rows["split"])
    for task in YES_NO_TASKS:
        labelled = np.asarray(rows[f"has_{task}"]) > 0
        labels = np.asarray(rows[task])
        train, validation = labelled & (split == TRAIN), labelled & (split == VALIDATION)
        if has_both_classes(labels[train]):
            strength = _best_strength(design_of(task, rows), labels, train, validation)
            weights = _fit(design_of(task, rows)[labelled], labels[labelled], strength)
            columns = [pa.array([task]), pa.array([weights.tolist()])]
            yield pa.RecordBatch.from_arrays(columns, ["task", "weights"])


def _best_strength(
    features: Doubles,
    labels: Floats,
    train: npt.NDArray[np.bool_],
    validation: npt.NDArray[np.bool_],
) -> float:
    """The regularisation that does best on the validation rows."""
    judged = validation if validation.any() else train
    best, lowest = STRENGTHS[0], np.inf
    for strength in STRENGTHS:
        weights = _fit(features[train], labels[train], strength)
        chances = LinearRule(weights).probabilities(features[judged])
        loss = log_loss(labels[judged], chances, labels=[0.0, 1.0])
        if loss < lowest:
            best, lowest = strength, loss
    return best


def _fit(features: Doubles, labels: Floats, strength: float) -> Doubles:
    """One weight per feature, the intercept last."""
    model = LogisticRegression(C=strength, max_iter=1_000).fit(features, labels)
    return np.append(model.coef_[0], model.intercept_[0])
