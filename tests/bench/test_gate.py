"""How often the gate replaces a champion, on simulated nights."""

import pytest

from bench.gate.curve import Night, promoted_by, share_of


def share(rule: str, pattern: str, difference: float, *, nights: int, customers: int) -> float:
    """The share of nights in which a rule promotes."""
    return share_of(
        [
            promoted_by(Night(pattern, difference, seed, rounds=60, customers=customers))
            for seed in range(nights)
        ],
        rule,
    )


def test_an_equal_challenger_is_promoted_in_no_more_nights_than_the_level_allows() -> None:
    # 2.5 % at the first attempt. Of 80 nights, more than 5 come about once in a hundred times.
    assert share("better", "all", 0.0, nights=80, customers=1_000) <= 5 / 80


def test_a_challenger_worse_on_some_tasks_is_practically_never_promoted() -> None:
    # -0.003 AUC on purchase and churn, -0.6 points of accuracy.
    assert share("better", "two", -0.003, nights=30, customers=2_463) == 0


@pytest.mark.parametrize("rule", ["better", "not_worse"])
def test_a_clearly_better_challenger_is_mostly_promoted(rule: str) -> None:
    assert share(rule, "all", 0.01, nights=10, customers=2_463) >= 0.8
