"""Every contender's metrics, and the challenger's gains, from the same draws of customers."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from insight.encoding.tasks import YES_NO_TASKS
from insight.metrics.arrays import Doubles, Indices
from insight.metrics.bootstrap import Estimate, Resampling, interval, paired_difference
from insight.metrics.classification import THRESHOLD, classification_metrics, has_both_classes
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
from insight.promotion.contenders import LIST_LENGTH, Contender, TestLabels
from insight.promotion.gate import Comparison, Demand

LOWER_IS_BETTER = frozenset({"log_loss", "brier", "ece"})
TOP_SHARE = 0.1
DECIMALS = 6
"""Written of every metric: the last bits of a sum change with the order of its terms."""

ALL = "all"
"""The slice that all rows are in."""


@dataclass(frozen=True)
class Measurement:
    """One row of the evaluation table, less its date."""

    contender: str
    model_version: str
    task: str
    metric: str
    estimate: Estimate
    row_count: int
    slice: str = ALL

    def rounded(self) -> tuple[float, float, float]:
        """Value and bounds, as they are written."""
        value, low, high = self.estimate.value, self.estimate.low, self.estimate.high
        return round(value, DECIMALS), round(low, DECIMALS), round(high, DECIMALS)


@dataclass(frozen=True)
class Ring:
    """The rows that all contenders are measured on, and the draws of customers.

    Args:
        labels: What happened.
        rounds: Bootstrap rounds.
        seed: Of the bootstrap.
        bits: Self-information of tonight's item indices; without it lists are not measured.
    """

    labels: TestLabels
    rounds: int
    seed: int
    bits: Doubles | None = None

    def unjudged(self) -> dict[str, str]:
        """Tasks that these rows cannot tell contenders apart on, with the reason."""
        reasons = {}
        for task, labelled in self.labels.labelled.items():
            if not labelled.any():
                reasons[task] = f"{task} has no labelled test rows"
            elif task in YES_NO_TASKS and not has_both_classes(self.truth(task)):
                reasons[task] = f"{task} has one class only among {labelled.sum()} test rows"
        return reasons

    def tasks(self) -> list[str]:
        """Tasks that can be judged."""
        unjudged = self.unjudged()
        return [task for task in self.labels.labelled if task not in unjudged]

    def measure(self, contender: Contender) -> Iterator[Measurement]:
        """All metrics of one contender on the tasks it has an opinion on, with intervals."""
        for task in self.tasks():
            draws = self._draws(task)
            exact = self._exact(contender, task)
            for metric, statistic in self.statistics(contender, task).items():
                found = interval(statistic, draws)
                value = exact.get(metric, found.value)
                estimate = Estimate(value, found.low, found.high)
                rows = len(draws.groups)
                yield Measurement(contender.name, contender.version, task, metric, estimate, rows)

    def compare(
        self, challenger: Contender, rival: Contender, metric: str, task: str, demand: Demand
    ) -> Comparison | None:
        """The challenger's gain over a rival; None where one of them has no opinion."""
        if task not in self.tasks():
            return None
        ours = self.statistics(challenger, task).get(metric)
        theirs = self.statistics(rival, task).get(metric)
        if ours is None or theirs is None:
            return None
        pair = (theirs, ours) if metric in LOWER_IS_BETTER else (ours, theirs)
        draws = self._draws(task)
        gain = paired_difference(*pair, draws)
        everyone = np.ones((1, len(draws.groups)))
        return Comparison(task, metric, rival.name, demand, gain, float(theirs(everyone)[0]))

    def value(self, contender: Contender, metric: str, task: str) -> float:
        """One metric of a contender that has an opinion on the task, on all rows."""
        everyone = np.ones((1, int(self.labels.labelled[task].sum())))
        return float(self.statistics(contender, task)[metric](everyone)[0])

    def statistics(self, contender: Contender, task: str) -> dict[str, Statistic]:
        """The contender's metrics of a task, on its labelled rows; empty without an opinion."""
        if task in YES_NO_TASKS:
            if task not in contender.probabilities:
                return {}
            return _yes_no(self.truth(task), self.said(contender, task))
        if task == "next_action":
            if contender.actions is None:
                return {}
            return _several(self.truth(task), contender.actions[self.labels.labelled[task]])
        if contender.ranks is None:
            return {}
        labelled = self.labels.labelled[task]
        found = _ranking(contender.ranks[labelled])
        if contender.lists is not None and self.bits is not None:
            found |= _lists(contender.lists[labelled], self.bits)
        return found

    def _exact(self, contender: Contender, task: str) -> dict[str, float]:
        if task not in contender.probabilities:
            return {}
        return classification_metrics(self.truth(task), self.said(contender, task))

    def truth(self, task: str) -> Doubles:
        """What happened on a task's labelled rows, 1 or 0."""
        return self.labels.happened[task][self.labels.labelled[task]]

    def said(self, contender: Contender, task: str) -> Doubles:
        """What a contender said of a task's labelled rows, as probabilities."""
        return contender.probabilities[task][self.labels.labelled[task]]

    def _draws(self, task: str) -> Resampling:
        customers = self.labels.customers[self.labels.labelled[task]]
        _, groups = np.unique(customers, return_inverse=True)
        return Resampling(groups.astype(np.int64), self.rounds, self.seed)


def _ranking(ranks: Doubles) -> dict[str, Statistic]:
    return {
        f"ndcg{LIST_LENGTH}": mean_of(ndcg_at(ranks, LIST_LENGTH)),
        f"hr{LIST_LENGTH}": mean_of(hit_rate_at(ranks, LIST_LENGTH)),
        f"mrr{LIST_LENGTH}": mean_of(mrr_at(ranks, LIST_LENGTH)),
    }


def _lists(lists: Indices, bits: Doubles) -> dict[str, Statistic]:
    return {
        f"coverage{LIST_LENGTH}": coverage_of(lists, len(bits) - RESERVED_INDICES),
        f"novelty{LIST_LENGTH}": novelty_of(lists, bits),
    }


def _several(truth: Doubles, said: Doubles) -> dict[str, Statistic]:
    classes = truth.astype(np.int64)
    predicted = said.argmax(axis=1)
    chances = np.take_along_axis(said, classes[:, None], axis=1)[:, 0]
    return {
        "accuracy": mean_of((predicted == classes).astype(np.float64)),
        "log_loss": mean_of(-np.log(np.maximum(chances, np.finfo(np.float64).eps))),
        "macro_f1": macro_f1_of(classes, predicted),
    }


def _yes_no(truth: Doubles, said: Doubles) -> dict[str, Statistic]:
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
