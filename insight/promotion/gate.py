"""The decision: promote the challenger or not, and why, from paired comparisons alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from insight.metrics.bootstrap import Estimate


class Demand(Enum):
    """What the challenger owes a rival."""

    BEAT = "beat"
    """The whole interval of the gain lies above zero."""

    HOLD = "hold"
    """Not worse by more than the tolerance: the interval of the gain reaches it."""

    REPLACE = "replace"
    """The champion: better on the mean of the tasks, significantly worse on none."""


@dataclass(frozen=True)
class Comparison:
    """The challenger against one rival, on one metric and the same test rows.

    Args:
        task: next_item, purchase, churn, campaign or next_action.
        metric: Name of the metric.
        rival: The other contender's name.
        demand: What is asked of the challenger.
        gain: How much better the challenger is; positive is better whichever way the metric
            points.
        rival_value: The rival's own metric, above 0.
    """

    task: str
    metric: str
    rival: str
    demand: Demand
    gain: Estimate
    rival_value: float

    def __str__(self) -> str:
        low, high = f"{self.gain.low:+.4f}", f"{self.gain.high:+.4f}"
        return (
            f"{self.task} {self.metric} {self.gain.value:+.4f} [{low}, {high}] "
            f"against {self.rival} ({self.rival_value:.4f})"
        )


@dataclass(frozen=True)
class Decision:
    """The gate's verdict and its reason, one sentence for people."""

    promoted: bool
    reason: str


def decide(
    comparisons: Sequence[Comparison], notes: Sequence[str] = (), *, tolerance: float = 0.0
) -> Decision:
    """Judge the challenger.

    It must beat its baselines, hold where it need not beat (logistic regression, customers' own
    items, shares of actions, campaigns by recency) and, where there is a champion, be worth
    replacing it. A task without comparisons is not
    judged; where nothing was compared with a baseline to beat, nothing is promoted.

    Args:
        comparisons: All of them, on the same test rows.
        notes: What was left out and why; they are added to the reason.
        tolerance: How much worse still holds, as a share of the rival's metric. In one of
            eight such comparisons an equal challenger would otherwise look worse by chance in
            up to every fifth night.
    """
    failures = _failures(comparisons, tolerance)
    to_beat = [each for each in comparisons if each.demand is Demand.BEAT]
    aside = f" ({'; '.join(notes)})" if notes else ""
    if not to_beat:
        return Decision(False, f"refused: nothing could be judged{aside}")
    if failures:
        return Decision(False, f"refused: {'; '.join(failures)}{aside}")
    rivals = [each for each in comparisons if each.demand is not Demand.HOLD]
    return Decision(True, f"promoted: {'; '.join(str(each) for each in rivals)}{aside}")


def _failures(comparisons: Sequence[Comparison], tolerance: float) -> list[str]:
    failures = []
    for each in comparisons:
        if each.demand is Demand.BEAT and not each.gain.low > 0:
            failures.append(f"not better than a baseline: {each}")
        allowed = tolerance * each.rival_value if each.demand is Demand.HOLD else 0.0
        if each.demand is not Demand.BEAT and not each.gain.high >= -allowed:
            failures.append(f"significantly worse: {each}")
    against_champion = [each for each in comparisons if each.demand is Demand.REPLACE]
    if against_champion:
        mean_gain = relative_gain(against_champion)
        if not mean_gain > 0:
            tasks = ", ".join(each.task for each in against_champion)
            failures.append(
                f"no better than the champion on the mean of {tasks} ({100 * mean_gain:+.2f} %)"
            )
    return failures


def relative_gain(comparisons: Sequence[Comparison]) -> float:
    """The mean over tasks of the gain as a share of the rival's metric.

    NDCG near 0.05 and AUC near 0.8 only weigh alike as shares.
    """
    shares = [each.gain.value / max(each.rival_value, 1e-9) for each in comparisons]
    return float(np.mean(shares))
