"""The gate as a table of cases: comparisons in, verdict out."""

import pytest

from insight.metrics.bootstrap import Estimate
from insight.promotion.gate import Comparison, Demand, decide
from insight.promotion.replacement import Gain, Replacement
from insight.settings import PromotionSettings

SETTINGS = PromotionSettings()
NOT_WORSE = PromotionSettings(policy="not_worse")


def against(
    rival: str, gain: tuple[float, float, float], *, task: str = "purchase", value: float = 0.8
) -> Comparison:
    """A comparison with a baseline whose gain is (low, value, high)."""
    low, middle, high = gain
    demand = Demand.HOLD if rival == "logistic" else Demand.BEAT
    return Comparison(task, "auc", rival, demand, Estimate(middle, low, high), value)


def beside_champion(score: float, *gains: Gain, **heads: tuple[str, ...]) -> Replacement:
    """The comparison with a champion."""
    return Replacement(gains, score, **heads)


BETTER, WORSE = (0.01, 0.02, 0.03), (-0.03, -0.02, -0.01)
SLIGHTLY_BETTER, SLIGHTLY_WORSE = (-0.01, 0.01, 0.03), (-0.03, -0.01, 0.01)
# The margins are 0.005 for purchase and 0.01 for churn.
CLEARLY_BETTER = Gain("purchase", "auc", 0.010, 0.001, 0.8)
EQUAL = Gain("churn", "auc", 0.0, 0.002, 0.85)
UNCERTAIN = Gain("churn", "auc", 0.0, 0.02, 0.85)
INFERIOR = Gain("churn", "auc", -0.012, 0.001, 0.85)

BASELINE_CASES = [
    pytest.param([against("recency", BETTER)], True, id="beats its baseline"),
    pytest.param([against("recency", SLIGHTLY_BETTER)], False, id="perhaps beats its baseline"),
    pytest.param([against("recency", (0.0, 0.02, 0.03))], False, id="touches its baseline"),
    pytest.param([against("recency", WORSE)], False, id="loses to its baseline"),
    pytest.param([], False, id="nothing judged"),
    pytest.param([against("logistic", BETTER)], False, id="no baseline to beat was there"),
    pytest.param(
        [against("recency", BETTER), against("popularity", WORSE, task="next_item")],
        False,
        id="beats one baseline, loses to another",
    ),
    pytest.param(
        [against("recency", BETTER), against("logistic", SLIGHTLY_WORSE)],
        True,
        id="perhaps below logistic regression",
    ),
    pytest.param(
        # 0.01 of 0.8 is allowed.
        [against("recency", BETTER), against("logistic", (-0.02, -0.01, -0.008))],
        True,
        id="the interval reaches the tolerance",
    ),
    pytest.param(
        [against("recency", BETTER), against("logistic", WORSE)],
        False,
        id="surely below logistic regression",
    ),
]


@pytest.mark.parametrize(("comparisons", "promoted"), BASELINE_CASES)
def test_a_first_model_owes_its_baselines(comparisons: list[Comparison], promoted: bool) -> None:
    decision = decide(comparisons, None, SETTINGS)
    assert decision.promoted is promoted
    assert decision.reason.startswith("promoted: " if promoted else "refused: ")


CHAMPION_CASES = [
    pytest.param(beside_champion(3.0, CLEARLY_BETTER, EQUAL), True, True, id="better in all"),
    pytest.param(beside_champion(1.6, CLEARLY_BETTER, EQUAL), False, True, id="perhaps better"),
    pytest.param(beside_champion(9.0, CLEARLY_BETTER, INFERIOR), False, False, id="worse on one"),
    pytest.param(beside_champion(9.0, CLEARLY_BETTER, UNCERTAIN), False, False, id="not proved"),
    pytest.param(beside_champion(0.0), False, False, id="nothing compared"),
    pytest.param(
        beside_champion(9.0, CLEARLY_BETTER, lost=("campaign",)), False, False, id="lost a head"
    ),
    pytest.param(
        beside_champion(9.0, CLEARLY_BETTER, gained=("campaign",)), True, True, id="gained a head"
    ),
]


@pytest.mark.parametrize(("replacement", "if_better", "if_not_worse"), CHAMPION_CASES)
def test_a_champion_is_replaced_by_policy(
    replacement: Replacement, if_better: bool, if_not_worse: bool
) -> None:
    beaten = [against("recency", BETTER)]
    assert decide(beaten, replacement, SETTINGS).promoted is if_better
    assert decide(beaten, replacement, NOT_WORSE).promoted is if_not_worse


def test_a_champion_alone_is_no_baseline() -> None:
    assert not decide([], beside_champion(9.0, CLEARLY_BETTER), SETTINGS).promoted


def test_a_better_challenger_still_owes_its_baselines() -> None:
    lost = [against("recency", BETTER), against("logistic", WORSE)]
    assert not decide(lost, beside_champion(9.0, CLEARLY_BETTER), SETTINGS).promoted


def test_attempts_that_share_data_need_more_of_the_sum() -> None:
    beaten, replacement = [against("recency", BETTER)], beside_champion(2.4, CLEARLY_BETTER)
    # 2.32 standard errors with five attempts, 2.53 with nine.
    assert decide(beaten, replacement, SETTINGS, attempts=5).promoted
    nine = decide(beaten, replacement, SETTINGS, attempts=9)
    assert not nine.promoted
    assert "z = 2.40 (significant above 2.53)" in nine.reason
    assert "attempts that share data: 9, one-sided level of the sum 0.0057" in nine.reason


@pytest.mark.parametrize("attempts", [1, 9, 60])
def test_a_margin_is_tested_at_the_full_level_however_many_attempts_share_data(
    attempts: int,
) -> None:
    beaten = [against("recency", BETTER)]
    # 1.645 standard errors below 0: 0.0099 and 0.0102, beside a margin of 0.01.
    within = beside_champion(9.0, Gain("churn", "auc", 0.0, 0.0060, 0.85))
    beyond = beside_champion(9.0, Gain("churn", "auc", 0.0, 0.0062, 0.85))
    for settings in (SETTINGS, NOT_WORSE):
        assert decide(beaten, within, settings, attempts=attempts).promoted
        assert not decide(beaten, beyond, settings, attempts=attempts).promoted


def test_reasons_name_the_task_the_margin_and_the_numbers() -> None:
    beaten = [against("recency", BETTER)]
    lost = decide(beaten, beside_champion(9.0, INFERIOR, lost=("campaign",)), SETTINGS).reason
    assert "lost head: the champion answers campaign and the challenger does not" in lost
    assert (
        "may be worse than the champion by more than 0.01: "
        "churn auc -0.0120 [-0.0136, -0.0104] against champion (0.8500)"
    ) in lost
    gained = decide(beaten, beside_champion(9.0, EQUAL, gained=("campaign",)), SETTINGS).reason
    assert gained.startswith("promoted: standardised sum of gains over churn z = 9.00")
    assert "gained head: the champion does not answer campaign" in gained


def test_a_refusal_names_the_rival_the_numbers_and_what_was_left_out() -> None:
    lost = against("recent_popularity_7d", SLIGHTLY_WORSE, task="next_item", value=0.043)
    notes = ["churn has one class only among 12 test rows"]
    assert decide([lost], None, SETTINGS, notes=notes).reason == (
        "refused: not better than a baseline: next_item auc -0.0100 [-0.0300, +0.0100] against "
        "recent_popularity_7d (0.0430) (churn has one class only among 12 test rows)"
    )


def test_every_failure_is_told() -> None:
    reason = decide([against("recency", WORSE), against("logistic", WORSE)], None, SETTINGS).reason
    assert "not better than a baseline" in reason
    assert "significantly worse" in reason


def test_a_number_that_is_not_finite_promotes_nothing() -> None:
    nan = float("nan")
    beaten, broken = against("recency", BETTER), (nan, nan, nan)
    assert not decide([against("recency", broken)], None, SETTINGS).promoted
    assert not decide([beaten, against("logistic", broken)], None, SETTINGS).promoted
    unknown = beside_champion(9.0, Gain("churn", "auc", nan, nan, 0.85))
    assert not decide([beaten], unknown, NOT_WORSE).promoted
    assert not decide([beaten], beside_champion(nan, CLEARLY_BETTER), SETTINGS).promoted


def test_a_task_without_a_margin_is_an_error() -> None:
    unknown = beside_champion(9.0, Gain("returns", "auc", 0.1, 0.001, 0.8))
    with pytest.raises(KeyError, match="returns"):
        decide([against("recency", BETTER)], unknown, SETTINGS)
