"""Test windows of a simulated shop whose two models differ by a known amount.

Every model gives each customer a normal score per task. The two models' scores share most of
their noise, as the scores of two trainings of one architecture do, so that their difference is
far less noisy than either. For a yes-or-no task the scores of the two classes lie apart by
``sqrt(2) * Phi^-1(AUC)``, which gives exactly that AUC (the binormal model: Hanley 1988, "The
robustness of the binormal assumptions used in fitting ROC curves"). Hits and right actions
are the scores above a quantile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from insight.encoding.tasks import NEXT_ACTIONS
from insight.metrics.arrays import Booleans, Doubles
from insight.metrics.ranking import MISSED
from insight.promotion.contenders import CHALLENGER, CHAMPION, LIST_LENGTH, Contender, TestLabels

CUSTOMERS = 2_463
"""In the embedded example's test window."""

_DISCOUNTS = 1.0 / np.log2(1.0 + np.arange(1, LIST_LENGTH + 1))


class Task(NamedTuple):
    """A task of about the level, the rows and the noise of the embedded example.

    The correlations give the standard errors that the example shows between our model and
    LightGBM (bench/results/tasks.json): 0.0013 for purchase, 0.0025 for churn, 0.005 for
    campaigns. Two trainings of one architecture differ less.

    Args:
        metric: The champion's AUC, NDCG@10 or accuracy.
        share: Customers with a label.
        yes: Share of label 1 among them, of a yes-or-no task.
        shared: Correlation of the two models' scores.
    """

    metric: float
    share: float
    yes: float
    shared: float


TASKS = {
    "next_item": Task(0.105, 0.8, 0.0, 0.9),
    "purchase": Task(0.83, 1.0, 0.5, 0.99),
    "churn": Task(0.87, 0.94, 0.1, 0.985),
    "campaign": Task(0.84, 0.8, 0.1, 0.95),
    "next_action": Task(0.72, 1.0, 0.0, 0.975),
}
_COMMON = 0.3
"""Share of the models' difference that a customer's tasks have in common."""


@dataclass
class Window:
    """The customers of a test window; some of them are replaced as it moves on.

    Args:
        random: Source of everything drawn.
        customers: How many.
    """

    random: np.random.Generator
    customers: int = CUSTOMERS

    def __post_init__(self) -> None:
        self._asked: dict[str, Doubles] = {}
        self._noise: dict[str, Doubles] = {}
        for task in TASKS:
            self._asked[task] = self.random.random((2, self.customers))
            self._noise[task] = self.random.normal(size=self.customers)

    def move(self, share: float) -> None:
        """Replace a share of the customers' outcomes by new ones."""
        new = self.random.random(self.customers) < share
        count = int(new.sum())
        for task in TASKS:
            self._asked[task][:, new] = self.random.random((2, count))
            self._noise[task][new] = self.random.normal(size=count)

    def labels(self) -> TestLabels:
        """What happened; everybody is a customer with one row."""
        labelled = {task: self._asked[task][0] < known.share for task, known in TASKS.items()}
        happened = {task: self._happened(task) for task in TASKS if task != "next_item"}
        return TestLabels(np.arange(self.customers), happened, labelled)

    def champion(self) -> Contender:
        """The present model."""
        return self._contender(CHAMPION, self._noise, {})

    def challenger(self, gains: Mapping[str, float]) -> Contender:
        """A new training whose metrics differ from the champion's by ``gains``, truly."""
        common = self.random.normal(size=self.customers)
        noise = {}
        for task, known in TASKS.items():
            own = self.random.normal(size=self.customers)
            other = np.sqrt(_COMMON) * common + np.sqrt(1.0 - _COMMON) * own
            shared = known.shared
            noise[task] = shared * self._noise[task] + np.sqrt(1.0 - shared**2) * other
        return self._contender(CHALLENGER, noise, gains)

    def _happened(self, task: str) -> Doubles:
        drawn = self._asked[task][1]
        if task == "next_action":
            return np.floor(drawn * len(NEXT_ACTIONS))
        return (drawn < TASKS[task].yes).astype(np.float64)

    def _contender(
        self, name: str, noise: Mapping[str, Doubles], gains: Mapping[str, float]
    ) -> Contender:
        level = {task: known.metric + gains.get(task, 0.0) for task, known in TASKS.items()}
        probabilities = {
            task: norm.cdf(
                noise[task] + self._happened(task) * np.sqrt(2) * NormalDist().inv_cdf(level[task])
            )
            for task in ("purchase", "churn", "campaign")
        }
        right = norm.cdf(noise["next_action"]) < level["next_action"]
        return Contender(
            name,
            "simulated",
            probabilities,
            ranks=_ranks(norm.cdf(noise["next_item"]), level["next_item"]),
            actions=_actions(self._happened("next_action"), right),
        )


def _ranks(quantiles: Doubles, ndcg: float) -> Doubles:
    """Ranks 1 to 10, each as often, in so large a share of the rows that NDCG@10 is as asked."""
    hits = ndcg / _DISCOUNTS.mean()
    ranks = np.ceil(quantiles / hits * LIST_LENGTH)
    return np.where(quantiles < hits, np.maximum(ranks, 1.0), MISSED)


def _actions(happened: Doubles, right: Booleans) -> Doubles:
    """Certain of the true action, or of the one after it."""
    said = (happened.astype(np.int64) + ~right) % len(NEXT_ACTIONS)
    return np.eye(len(NEXT_ACTIONS))[said]
