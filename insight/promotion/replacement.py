"""Whether a challenger may take the champion's place: no task inferior, and better in all.

A mean of relative gains, which tasks with the noisiest metrics decide, is not evidence. Here
every task must be shown to be within a margin of the champion (non-inferiority: Piaggio et al.
2012, "Reporting of Noninferiority and Equivalence Randomized Trials", JAMA 308), and the
standardised sum over all tasks must be significantly positive (O'Brien 1984).
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


def attempt_level(level: float, attempt: int) -> float:
    """The one-sided significance level of one attempt on a champion.

    Attempts on overlapping test windows look at the same days again and again. The k-th of them
    gets level / (k (k + 1)). Since the sum of 1 / (k (k + 1)) over all k is 1, the chance that
    any of them finds a difference that does not exist stays below ``level``, however dependent
    they are and however many follow (Bonferroni with a summable series; Tian and Ramdas 2021,
    "Online control of the familywise error rate", Statistical Methods in Medical Research 30).

    Args:
        level: Of all attempts together.
        attempt: k, from 1.
    """
    return level / (attempt * (attempt + 1))


def judge_replacement(
    replacement: Replacement, settings: PromotionSettings, *, attempt: int
) -> Verdict:
    """Apply the rules of ``promotion.policy`` to the comparison with the champion.

    Args:
        replacement: The comparison.
        settings: Policy, level and margins.
        attempt: Which attempt on this champion this is, from 1.

    Raises:
        KeyError: A gain is of a task without a margin.
    """
    level = attempt_level(settings.level, attempt)
    quantile = NormalDist().inv_cdf(1.0 - level)
    failures = [
        f"lost head: the champion answers {task} and the challenger does not"
        for task in replacement.lost
    ]
    failures += _inferior(replacement, settings, quantile)
    total = _total_words(replacement, quantile)
    if not replacement.gains:
        failures.append("no task could be compared with the champion")
    elif settings.policy == "better" and not replacement.score > quantile:
        failures.append(f"not significantly better than the champion: {total}")
    remarks = [
        f"gained head: the champion does not answer {task}, which has no rival but baselines"
        for task in replacement.gained
    ]
    remarks += replacement.left_out
    remarks.append(f"attempt {attempt} on this champion, one-sided level {level:.4f}")
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


def _total_words(replacement: Replacement, quantile: float) -> str:
    tasks = ", ".join(each.task for each in replacement.gains)
    return (
        f"standardised sum of gains over {tasks} z = {replacement.score:.2f} "
        f"(significant above {quantile:.2f})"
    )
