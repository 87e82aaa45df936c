"""The decision whether to promote the challenger, and its reason, from paired comparisons."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from insight.metrics.bootstrap import Estimate
from insight.promotion.replacement import Replacement, Verdict, judge_replacement
from insight.settings import PromotionSettings


class Demand(Enum):
    """The result that the challenger needs against a baseline."""

    BEAT = "beat"
    """The whole interval of the gain lies above zero."""

    HOLD = "hold"
    """Not significantly worse by more than the tolerance: the interval of the gain reaches it."""


@dataclass(frozen=True)
class Comparison:
    """The challenger against one baseline, on one metric and the same test rows.

    Args:
        task: next_item, purchase, churn, campaign or next_action.
        metric: Name of the metric.
        rival: The baseline's name.
        demand: The result that the challenger needs.
        gain: How much better the challenger is; positive is better whichever way the metric
            points.
        rival_value: The baseline's own metric, above 0.
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
    comparisons: Sequence[Comparison],
    replacement: Replacement | None,
    settings: PromotionSettings,
    *,
    attempts: int = 1,
    notes: Sequence[str] = (),
) -> Decision:
    """Judge the challenger.

    It must beat its baselines, hold where it need not beat (logistic regression, customers' own
    items, shares of actions, campaigns by recency) and, if there is a champion, be worth
    replacing it. A task without comparisons is not judged. If nothing was compared with a
    baseline to beat, nothing is promoted.

    Args:
        comparisons: With baselines, on the same test rows.
        replacement: The comparison with the champion; None without one.
        settings: Tolerance, and the rules of a replacement.
        attempts: How many attempts on the champion share data with this one
            (``insight.registry.schedule``).
        notes: What was left out and why; they are added to the reason.
    """
    verdict = Verdict()
    if replacement is not None:
        verdict = judge_replacement(replacement, settings, attempts=attempts)
    failures = [*_failures(comparisons, settings.tolerance), *verdict.failures]
    to_beat = [each for each in comparisons if each.demand is Demand.BEAT]
    remarks = [*verdict.remarks, *notes]
    aside = f" ({'; '.join(remarks)})" if remarks else ""
    if not to_beat:
        unjudged = ["nothing could be compared with a baseline to beat", *verdict.failures]
        return Decision(False, f"refused: {'; '.join(unjudged)}{aside}")
    if failures:
        return Decision(False, f"refused: {'; '.join(failures)}{aside}")
    evidence = [*verdict.evidence, *(str(each) for each in to_beat)]
    return Decision(True, f"promoted: {'; '.join(evidence)}{aside}")


def _failures(comparisons: Sequence[Comparison], tolerance: float) -> list[str]:
    # Written so that a bound that is not a number is a failure.
    failures = []
    for each in comparisons:
        allowed = tolerance * each.rival_value
        if each.demand is Demand.BEAT and not each.gain.low > 0:
            failures.append(f"not better than a baseline: {each}")
        if each.demand is Demand.HOLD and not each.gain.high >= -allowed:
            failures.append(f"significantly worse: {each}")
    return failures
