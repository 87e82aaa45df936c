"""Every contender's metrics, and the challenger's gains, from the same draws of customers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from insight.encoding.tasks import YES_NO_TASKS
from insight.metrics.arrays import Booleans, Doubles
from insight.metrics.bootstrap import (
    Estimate,
    JointDifferences,
    Pair,
    Resampling,
    interval,
    joint_differences,
    paired_difference,
)
from insight.metrics.classification import classification_metrics, has_both_classes
from insight.metrics.statistics import Statistic
from insight.promotion.contenders import Contender, TestLabels
from insight.promotion.gate import Comparison, Demand
from insight.promotion.task_metrics import (
    LOWER_IS_BETTER,
    action_statistics,
    list_statistics,
    ranking_statistics,
    refuse_unknown_metric,
    yes_no_statistics,
)

DECIMALS = 6
"""Written of every metric: the last bits of a sum change with the order of its terms."""

_FEWEST_RESAMPLED = 2
"""Customers in each class: with one, a third of the bootstrap rounds and more give no value."""

FEWEST_COMPARED = 10
"""Customers that a task needs in each class, or with a label, to be compared with a champion.

A bootstrap round without any of n customers has the chance exp(-n): 1 in 20,000 for 10. With
fewer, rounds without a value become common, and the difference is far from normal.
"""

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
            elif task in YES_NO_TASKS and self._fewest_customers(task) < _FEWEST_RESAMPLED:
                reasons[task] = f"{task} has one customer only in one of its classes"
        return reasons

    def too_few_to_compare(self) -> dict[str, str]:
        """Judged tasks with fewer than ``FEWEST_COMPARED`` customers in a class, and why."""
        reasons = {}
        for task in self.tasks():
            customers = self._fewest_customers(task)
            if customers < FEWEST_COMPARED:
                counted = "in its rarer class" if task in YES_NO_TASKS else "with a label"
                reasons[task] = (
                    f"too few answers to compare {task}: customers {counted}: {customers}, "
                    f"at least {FEWEST_COMPARED} needed"
                )
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
        """The challenger's gain over a rival; None if one of them has no opinion.

        Raises:
            UnknownMetricError: The task has no such metric.
        """
        refuse_unknown_metric(metric, task)
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

    def joint_gains(
        self, challenger: Contender, rival: Contender, metrics: Mapping[str, str]
    ) -> JointDifferences:
        """The challenger's gains on several tasks, on the same draws of all customers.

        Args:
            challenger: Answers all of the tasks.
            rival: Likewise.
            metrics: A metric for each task, of which higher is better; at least one.

        Raises:
            UnknownMetricError: A task has no such metric, or lower is better.
        """
        pairs = []
        for task, metric in metrics.items():
            refuse_unknown_metric(metric, task, higher_is_better=True)
            ours, theirs = self.statistics(challenger, task), self.statistics(rival, task)
            pairs.append(Pair(ours[metric], theirs[metric], self.labels.labelled[task]))
        everyone = np.ones(len(self.labels.customers), dtype=bool)
        return joint_differences(pairs, self._resampling(everyone))

    def value(self, contender: Contender, metric: str, task: str) -> float:
        """One metric of a contender that has an opinion on the task, on all rows."""
        everyone = np.ones((1, int(self.labels.labelled[task].sum())))
        return float(self.statistics(contender, task)[metric](everyone)[0])

    def statistics(self, contender: Contender, task: str) -> dict[str, Statistic]:
        """The contender's metrics of a task, on its labelled rows; empty without an opinion."""
        if task in YES_NO_TASKS:
            if task not in contender.probabilities:
                return {}
            return yes_no_statistics(self.truth(task), self.said(contender, task))
        if task == "next_action":
            if contender.actions is None:
                return {}
            return action_statistics(
                self.truth(task), contender.actions[self.labels.labelled[task]]
            )
        if contender.ranks is None:
            return {}
        labelled = self.labels.labelled[task]
        found = ranking_statistics(contender.ranks[labelled])
        if contender.lists is not None and self.bits is not None:
            found |= list_statistics(contender.lists[labelled], self.bits)
        return found

    def _fewest_customers(self, task: str) -> int:
        """Customers of the rarer class of a yes-or-no task; of another, all with a label."""
        customers = self.labels.customers[self.labels.labelled[task]]
        if task not in YES_NO_TASKS:
            return len(np.unique(customers))
        happened = self.truth(task) > 0
        return min(len(np.unique(customers[rows])) for rows in (happened, ~happened))

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
        return self._resampling(self.labels.labelled[task])

    def _resampling(self, rows: Booleans) -> Resampling:
        _, groups = np.unique(self.labels.customers[rows], return_inverse=True)
        return Resampling(groups.astype(np.int64), self.rounds, self.seed)
