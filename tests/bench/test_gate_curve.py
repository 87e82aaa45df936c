"""How often the gate replaces a champion, on simulated nights."""

from bench.gate.curve import Night, promoted_by, share_of

CUSTOMERS = 2_463


def outcomes(pattern: str, difference: float, *, nights: int, customers: int = CUSTOMERS):
    """Whether each rule promotes, night by night."""
    return [
        promoted_by(Night(pattern, difference, seed, rounds=60, customers=customers))
        for seed in range(nights)
    ]


def test_an_equal_challenger_is_promoted_in_no_more_nights_than_the_level_allows() -> None:
    found = outcomes("all", 0.0, nights=80, customers=1_000)
    # 2.5 % at the first attempt. Of 80 nights, more than 5 come about once in a hundred times.
    assert share_of(found, "better") <= 5 / 80
    # What the gate replaced: a coin toss.
    assert share_of(found, "mean_of_shares") > 0.3


def test_a_challenger_worse_on_some_tasks_is_practically_never_promoted() -> None:
    # -0.003 AUC on purchase and churn, -0.6 points of accuracy.
    assert share_of(outcomes("two", -0.003, nights=30), "better") == 0


def test_a_clearly_better_challenger_is_mostly_promoted() -> None:
    found = outcomes("all", 0.01, nights=10)
    assert share_of(found, "better") >= 0.8
    assert share_of(found, "not_worse") >= 0.8
