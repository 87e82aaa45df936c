"""Metrics of probabilities against what happened: scikit-learn's, under our names."""

import numpy as np
from sklearn import metrics

from insight.errors import EmptyInputError
from insight.metrics.arrays import Floats
from insight.metrics.calibration import expected_calibration_error

THRESHOLD = 0.5
"""From this probability on, "yes" is predicted."""


def has_both_classes(labels: Floats) -> bool:
    """Whether there is a 0 and a 1; without both, AUC and log loss say nothing."""
    return bool(len(labels)) and bool(labels.min() < labels.max())


def classification_metrics(
    labels: Floats,
    probabilities: Floats,
    *,
    threshold: float = THRESHOLD,
) -> dict[str, float]:
    """Every metric of a yes/no task.

    Args:
        labels: 0 or 1, shape (rows,).
        probabilities: Of label 1, between 0 and 1, shape (rows,).
        threshold: From this probability on, "yes" is predicted.

    Returns:
        Name to value: auc, pr_auc (average precision), log_loss (nats), brier, ece, accuracy,
        precision, recall, f1. Precision is 0 where nothing is predicted "yes".

    Raises:
        EmptyInputError: The labels are not of both classes.
    """
    if not has_both_classes(labels):
        raise EmptyInputError(
            "labels of a yes/no task",
            found=f"{len(labels)} rows, all of one class",
            expected="rows of both classes",
            next_step="leave the task out, or take a longer test window",
        )
    truth = labels.astype(np.int64)
    # In float32 scikit-learn clips log loss at 1e-7, in float64 at 2e-16.
    chances = probabilities.astype(np.float64)
    predicted = (chances >= threshold).astype(np.int64)
    return {
        "auc": float(metrics.roc_auc_score(truth, chances)),
        "pr_auc": float(metrics.average_precision_score(truth, chances)),
        "log_loss": float(metrics.log_loss(truth, chances)),
        "brier": float(metrics.brier_score_loss(truth, chances)),
        "ece": expected_calibration_error(labels, chances),
        "accuracy": float(metrics.accuracy_score(truth, predicted)),
        "precision": float(metrics.precision_score(truth, predicted, zero_division=0.0)),
        "recall": float(metrics.recall_score(truth, predicted)),
        "f1": float(metrics.f1_score(truth, predicted, zero_division=0.0)),
    }
