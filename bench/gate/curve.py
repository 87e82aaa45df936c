"""Nights through the gate: which of them replace the champion, by three rules."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from bench.gate.shop import CUSTOMERS, TASKS, Window
from insight.metrics.bootstrap import Estimate
from insight.promotion.gate import Comparison, Demand, decide
from insight.promotion.judging import compare_with_champion
from insight.promotion.measurements import Ring
from insight.promotion.replacement import Replacement
from insight.registry.schedule import attempts_on
from insight.registry.trail import Decision, Kind
from insight.settings import ExampleSettings, PromotionSettings, TrainingSettings

POLICIES = ("better", "not_worse")
FORMER = "mean_of_shares"
"""The rule that these replaced: a positive mean of relative gains, no task significantly worse."""
RULES = (*POLICIES, FORMER)
WEEKLY = TrainingSettings().every_days

ALL_TASKS = {
    **dict.fromkeys(("purchase", "churn", "campaign", "next_action"), 1.0),
    # Half as much: NDCG@10 lies near 0.1 and not near 0.8.
    "next_item": 0.5,
}
ONE_TASK = {"purchase": 1.0}
TWO_TASKS = {"purchase": 1.0, "churn": 1.0, "next_action": 2.0}
PATTERNS = {"all": ALL_TASKS, "purchase": ONE_TASK, "two": TWO_TASKS}
"""How a true difference spreads over the tasks."""

WINDOW_DAYS = 30
"""Each night one in this number of customers has a new outcome."""
_FIRST = date(2024, 1, 1)
_BEATEN = Comparison(
    "purchase", "auc", "recency_rule", Demand.BEAT, Estimate(0.09, 0.07, 0.11), 0.74
)
_QUANTILE = 1.96


class Night(NamedTuple):
    """One night to simulate.

    Args:
        pattern: A name of ``PATTERNS``.
        difference: The challenger's true difference, on the scale of an AUC.
        seed: Of all that is drawn.
        rounds: Of the bootstrap.
        customers: In the test window.
        every_days: Days from one attempt to the next.
        margins: Factor on the default margins.
    """

    pattern: str
    difference: float
    seed: int
    rounds: int
    customers: int = CUSTOMERS
    every_days: int = WEEKLY
    margins: float = 1.0

    @property
    def attempts(self) -> int:
        """The number of attempts that share data, on a champion that was just promoted."""
        return self.attempts_by([_decision("promoted", "champion", _FIRST)], _FIRST)

    def attempts_by(self, trail: Sequence[Decision], run_date: date) -> int:
        """The number of attempts that share data, given the trail before a run date."""
        window = ExampleSettings().test_days(TASKS)
        return attempts_on(
            "champion", trail, run_date, test_days=window, every_days=self.every_days
        )

    @property
    def policies(self) -> dict[str, PromotionSettings]:
        """The gate's settings, by policy."""
        defaults = PromotionSettings().margins.model_dump()
        margins = {task: margin * self.margins for task, margin in defaults.items()}
        return {
            policy: PromotionSettings.model_validate({"policy": policy, "margins": margins})
            for policy in POLICIES
        }

    @property
    def gains(self) -> dict[str, float]:
        """The true gain of each task."""
        return {task: weight * self.difference for task, weight in PATTERNS[self.pattern].items()}


class Series(NamedTuple):
    """Attempts on one champion, night after night.

    Args:
        night: The challenger of every attempt.
        nights: How many pass.
    """

    night: Night
    nights: int


def promoted_by(night: Night) -> dict[str, bool]:
    """Whether each rule promotes the challenger of one attempt."""
    window = Window(np.random.default_rng(night.seed), night.customers)
    return _promoted(_replacement(window, night), night, attempts=night.attempts)


def replaced_by(series: Series) -> dict[str, bool]:
    """Whether each rule has replaced the champion by the end of a series."""
    random = np.random.default_rng(series.night.seed)
    window = Window(random, series.night.customers)
    trail = [_decision("promoted", "champion", _FIRST)]
    replaced = dict.fromkeys(RULES, False)
    for number in range(1, series.nights + 1):
        window.move(1.0 / WINDOW_DAYS)
        if number % series.night.every_days or all(replaced.values()):
            continue
        tonight = _FIRST + timedelta(days=number)
        attempts = series.night.attempts_by(trail, tonight)
        found = _promoted(_replacement(window, series.night), series.night, attempts=attempts)
        replaced = {rule: replaced[rule] or found[rule] for rule in RULES}
        # A rule that has not replaced the champion yet has refused every challenger so far.
        trail.append(_decision("refused", f"challenger {number}", tonight))
    return replaced


def share_of(outcomes: Sequence[Mapping[str, bool]], rule: str) -> float:
    """The share of outcomes in which a rule said yes."""
    return float(np.mean([each[rule] for each in outcomes]))


def _replacement(window: Window, night: Night) -> Replacement:
    ring = Ring(window.labels(), night.rounds, night.seed)
    return compare_with_champion(ring, window.challenger(night.gains), window.champion())


def _promoted(replacement: Replacement, night: Night, *, attempts: int) -> dict[str, bool]:
    found = {
        policy: decide([_BEATEN], replacement, settings, attempts=attempts).promoted
        for policy, settings in night.policies.items()
    }
    return found | {FORMER: _formerly_promoted(replacement)}


def _formerly_promoted(replacement: Replacement) -> bool:
    gains = replacement.gains
    mean = np.mean([each.value / each.champion_value for each in gains])
    return bool(mean > 0 and all(each.value + _QUANTILE * each.error >= 0 for each in gains))


def _decision(kind: Kind, version: str, night: date) -> Decision:
    return Decision(version, kind, night.isoformat(), "", "bench", night.isoformat(), {})
