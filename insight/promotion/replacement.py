"""Whether a challenger may take the champion's place: no task inferior, and better in all.

A mean of relative gains, which tasks with the noisiest metrics decide, is not evidence. Here
every task must be shown to be within a margin of the champion (non-inferiority: Piaggio et al.
2012, "Reporting of Noninferiority and Equivalence Randomized Trials", JAMA 308), and the
standardised sum over all tasks must be significantly positive (O'Brien 1984).

Each task's margin is tested at the full level. All of them have to pass, and so the whole has
that level too (intersection-union test: Berger 1982, "Multiparameter hypothesis testing and
acceptance sampling", Technometrics 24). Only the sum is corrected for repeated attempts.
"""

from dataclasses import dataclass
from statistics import NormalDist

from insight.promotion.contenders import CHAMPION
from insight.settings import PromotionSettings


@dataclass(frozen=True)
class Gain:
    """How much better the challenger is than the champion on one task.

    Args:
        task: next_item, purchase, churn, campaign or next_action.
        metric: Name of the metric; higher is better.
        value: Challenger minus champion.
        error: Bootstrap standard error of ``value``, over whole customers.
        champion_value: The champion's own metric.
    """

    task: str
    metric: str
    value: float
    error: float
    champion_value: float

    def lower_end(self, quantile: float) -> float:
        """The lower end of the interval of so many standard errors to each side."""
        return self.value - quantile * self.error

    def words(self, quantile: float) -> str:
        """The gain with its interval, as in other comparisons."""
        low, high = self.lower_end(quantile), self.value + quantile * self.error
        return (
            f"{self.task} {self.metric} {self.value:+.4f} [{low:+.4f}, {high:+.4f}] "
            f"against {CHAMPION} ({self.champion_value:.4f})"
        )


@dataclass(frozen=True)
class Replacement:
    """The challenger beside the champion, on the same test rows.

    Args:
        gains: Of every task that both answer and the rows can judge.
        score: Standardised sum of the gains, a z score; 0 without gains.
        lost: Tasks that only the champion answers.
        gained: Tasks that only the challenger answers.
        left_out: Reasons why tasks that both answer are not compared.
    """

    gains: tuple[Gain, ...]
    score: float
    lost: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What the comparison with the champion means for the decision.

    Args:
        failures: Reasons against a promotion; none if it may go ahead.
        evidence: What speaks for it, with numbers.
        remarks: What a reader should know either way.
    """

    failures: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def attempt_level(level: float, attempts: int) -> float:
    """The one-sided significance level of one of several attempts on overlapping test windows.

    All attempts have the same level, 1 - (1 - level)^(1 / attempts). The chance that any of them
    finds a difference that does not exist is then exactly ``level`` if they are independent, and
    less if they are positively correlated, as attempts on shared rows against one champion are
    (Slepian 1962, "The one-sided barrier problem for Gaussian noise", Bell System Technical
    Journal 41; Sidak 1967, Journal of the American Statistical Association 62).

    Args:
        level: Of all attempts together.
        attempts: How many share data, from 1.
    """
    return float(1.0 - (1.0 - level) ** (1.0 / attempts))


def judge_replacement(
    replacement: Replacement, settings: PromotionSettings, *, attempts: int
) -> Verdict:
    """Apply the rules of ``promotion.policy`` to the comparison with the champion.

    Args:
        replacement: The comparison.
        settings: Policy, level and margins.
        attempts: How many attempts share data with this one (``insight.registry.schedule``).

    Raises:
        KeyError: A gain is of a task without a margin.
    """
    level = attempt_level(settings.level, attempts)
    needed = NormalDist().inv_cdf(1.0 - level)
    quantile = NormalDist().inv_cdf(1.0 - settings.level)
    failures = [
        f"lost head: the champion answers {task} and the challenger does not"
        for task in replacement.lost
    ]
    failures += _inferior(replacement, settings, quantile)
    total = _total_words(replacement, needed)
    if not replacement.gains:
        failures.append("no task could be compared with the champion")
    elif settings.policy == "better" and not replacement.score > needed:
        failures.append(f"not significantly better than the champion: {total}")
    remarks = [
        f"gained head: the champion does not answer {task}, which has no rival but baselines"
        for task in replacement.gained
    ]
    remarks += replacement.left_out
    if settings.policy == "better":
        remarks.append(
            f"attempts that share data: {attempts}, one-sided level of the sum {level:.4f}"
        )
    intervals = (each.words(quantile) for each in replacement.gains)
    return Verdict(tuple(failures), (total, *intervals), tuple(remarks))


def _inferior(replacement: Replacement, settings: PromotionSettings, quantile: float) -> list[str]:
    margins = settings.margins.model_dump()
    # Written so that a bound that is not a number is a failure.
    return [
        f"may be worse than the champion by more than {margins[each.task]:g}: "
        f"{each.words(quantile)}"
        for each in replacement.gains
        if not each.lower_end(quantile) >= -margins[each.task]
    ]


def _total_words(replacement: Replacement, needed: float) -> str:
    tasks = ", ".join(each.task for each in replacement.gains)
    return (
        f"standardised sum of gains over {tasks} z = {replacement.score:.2f} "
        f"(significant above {needed:.2f})"
    )
