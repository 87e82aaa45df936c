"""The metrics of each task, as functions of how often each row was drawn."""

import numpy as np

from insight.encoding.tasks import YES_NO_TASKS
from insight.errors import UnknownMetricError
from insight.metrics.arrays import Doubles, Indices
from insight.metrics.classification import THRESHOLD
from insight.metrics.lists import coverage_of, novelty_of
from insight.metrics.ranking import RESERVED_INDICES, hit_rate_at, mrr_at, ndcg_at
from insight.metrics.statistics import (
    Statistic,
    auc_of,
    average_precision_of,
    calibration_error_of,
    lift_of,
    macro_f1_of,
    mean_of,
    ratio_of,
    top_share_of,
)
from insight.promotion.contenders import LIST_LENGTH

LOWER_IS_BETTER = frozenset({"log_loss", "brier", "ece"})
YES_NO_METRICS = frozenset(
    {
        *("auc", "pr_auc", "log_loss", "brier", "ece", "accuracy", "precision", "recall", "f1"),
        *("lift_top10", "gain_top10"),
    }
)
ACTION_METRICS = frozenset({"accuracy", "log_loss", "macro_f1"})
RANKING_METRICS = frozenset(f"{name}{LIST_LENGTH}" for name in ("ndcg", "hr", "mrr"))
LIST_METRICS = frozenset(f"{name}{LIST_LENGTH}" for name in ("coverage", "novelty"))
METRICS = {
    **dict.fromkeys(YES_NO_TASKS, YES_NO_METRICS),
    "next_action": ACTION_METRICS,
    "next_item": RANKING_METRICS | LIST_METRICS,
}
"""Every metric that can be compared, by task."""

TOP_SHARE = 0.1


def refuse_unknown_metric(metric: str, task: str, *, higher_is_better: bool = False) -> None:
    """Refuse to compare by a metric that the task does not have.

    Raises:
        UnknownMetricError: It does not have it, or lower is better and higher is asked for.
    """
    known = METRICS.get(task, frozenset()) - (LOWER_IS_BETTER if higher_is_better else set())
    if metric not in known:
        raise UnknownMetricError(
            f"comparison of contenders on {task}",
            found=f"metric {metric}",
            expected=f"one of {sorted(known)}",
            next_step="name a metric that insight/promotion/task_metrics.py computes for the task",
        )


def ranking_statistics(ranks: Doubles) -> dict[str, Statistic]:
    """The next item's metrics from the rank of the true one, shape (rows,)."""
    return {
        f"ndcg{LIST_LENGTH}": mean_of(ndcg_at(ranks, LIST_LENGTH)),
        f"hr{LIST_LENGTH}": mean_of(hit_rate_at(ranks, LIST_LENGTH)),
        f"mrr{LIST_LENGTH}": mean_of(mrr_at(ranks, LIST_LENGTH)),
    }


def list_statistics(lists: Indices, bits: Doubles) -> dict[str, Statistic]:
    """Coverage and novelty of recommended lists, shape (rows, length)."""
    return {
        f"coverage{LIST_LENGTH}": coverage_of(lists, len(bits) - RESERVED_INDICES),
        f"novelty{LIST_LENGTH}": novelty_of(lists, bits),
    }


def action_statistics(truth: Doubles, said: Doubles) -> dict[str, Statistic]:
    """Metrics of the next action from the true class and the probability of each class."""
    classes = truth.astype(np.int64)
    predicted = said.argmax(axis=1)
    chances = np.take_along_axis(said, classes[:, None], axis=1)[:, 0]
    return {
        "accuracy": mean_of((predicted == classes).astype(np.float64)),
        "log_loss": mean_of(-np.log(np.maximum(chances, np.finfo(np.float64).eps))),
        "macro_f1": macro_f1_of(classes, predicted),
    }


def yes_no_statistics(truth: Doubles, said: Doubles) -> dict[str, Statistic]:
    """Metrics of a yes-or-no task from what happened and the probability of yes."""
    predicted = (said >= THRESHOLD).astype(np.float64)
    # As scikit-learn clips, so that the interval belongs to the same log loss.
    smallest = np.finfo(np.float64).eps
    sure = np.clip(said, smallest, 1.0 - smallest)
    losses = -np.log(np.where(truth > 0, sure, 1.0 - sure))
    return {
        "auc": auc_of(truth, said),
        "pr_auc": average_precision_of(truth, said),
        "log_loss": mean_of(losses),
        "brier": mean_of((said - truth) ** 2),
        "ece": calibration_error_of(truth, said),
        "accuracy": mean_of(predicted == truth),
        "precision": ratio_of(predicted * truth, predicted, otherwise=0.0),
        "recall": ratio_of(predicted * truth, truth),
        "f1": ratio_of(2 * predicted * truth, predicted + truth),
        "lift_top10": lift_of(truth, said, TOP_SHARE),
        "gain_top10": ratio_of(truth * top_share_of(said, TOP_SHARE), truth),
    }
