"""The gate as a table of cases: comparisons in, verdict out."""

import pytest

from insight.metrics.bootstrap import Estimate
from insight.promotion.gate import Comparison, Demand, decide, relative_gain


def against(
    rival: str, gain: tuple[float, float, float], *, task: str = "purchase", value: float = 0.8
) -> Comparison:
    """A comparison whose gain is (low, value, high)."""
    low, middle, high = gain
    demand = {"champion": Demand.REPLACE, "logistic": Demand.HOLD}.get(rival, Demand.BEAT)
    return Comparison(task, "auc", rival, demand, Estimate(middle, low, high), value)


BETTER, WORSE = (0.01, 0.02, 0.03), (-0.03, -0.02, -0.01)
SLIGHTLY_BETTER, SLIGHTLY_WORSE = (-0.01, 0.01, 0.03), (-0.03, -0.01, 0.01)

CASES = [
    pytest.param([against("recency", BETTER)], True, id="beats its baseline"),
    pytest.param([against("recency", SLIGHTLY_BETTER)], False, id="perhaps beats its baseline"),
    pytest.param([against("recency", (0.0, 0.02, 0.03))], False, id="touches its baseline"),
    pytest.param([against("recency", WORSE)], False, id="loses to its baseline"),
    pytest.param([], False, id="nothing judged"),
    pytest.param([against("logistic", BETTER)], False, id="no baseline to beat was there"),
    pytest.param([against("champion", BETTER)], False, id="a champion alone is no baseline"),
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
        [against("recency", BETTER), against("logistic", (-0.02, -0.01, 0.0))],
        True,
        id="the interval reaches logistic regression",
    ),
    pytest.param(
        [against("recency", BETTER), against("logistic", WORSE)],
        False,
        id="surely below logistic regression",
    ),
    pytest.param(
        [against("recency", BETTER), against("champion", SLIGHTLY_BETTER)],
        True,
        id="better than the champion on the mean",
    ),
    pytest.param(
        [against("recency", BETTER), against("champion", (0.0, 0.0, 0.0))],
        False,
        id="as good as the champion",
    ),
    pytest.param(
        [
            against("recency", BETTER),
            against("champion", (0.1, 0.2, 0.3), task="churn"),
            against("champion", WORSE),
        ],
        False,
        id="better on the mean but surely worse on one task",
    ),
    pytest.param(
        [
            against("recency", BETTER),
            against("champion", BETTER, task="churn"),
            against("champion", SLIGHTLY_WORSE),
        ],
        True,
        id="better on the mean and perhaps worse on one task",
    ),
    pytest.param(
        [
            against("recency", BETTER),
            # 4 % of an AUC of 0.8 is less than 20 % of an NDCG of 0.05.
            against("champion", SLIGHTLY_WORSE, value=0.25),
            against("champion", (-0.002, 0.01, 0.02), task="next_item", value=0.05),
        ],
        True,
        id="gains count as shares",
    ),
]


@pytest.mark.parametrize(("comparisons", "promoted"), CASES)
def test_the_gate(comparisons: list[Comparison], promoted: bool) -> None:
    decision = decide(comparisons)
    assert decision.promoted is promoted
    assert decision.reason.startswith("promoted: " if promoted else "refused: ")


@pytest.mark.parametrize(
    ("rival", "tolerance", "promoted"),
    [
        pytest.param("logistic", 0.01, False, id="worse by more than it"),
        pytest.param("logistic", 0.0126, True, id="perhaps worse by no more than it"),
        pytest.param("champion", 0.0126, False, id="a champion is not worn away night by night"),
    ],
)
def test_what_is_hardly_worse_holds(rival: str, tolerance: float, promoted: bool) -> None:
    # 0.01 of 0.8 at best: 1.25 %.
    comparisons = [against("recency", BETTER), against(rival, WORSE)]
    comparisons.append(against(rival, (0.3, 0.4, 0.5), task="churn"))
    assert decide(comparisons, tolerance=tolerance).promoted is promoted


def test_a_refusal_names_the_rival_the_numbers_and_what_was_left_out() -> None:
    lost = against("recent_popularity_7d", SLIGHTLY_WORSE, task="next_item", value=0.043)
    decision = decide([lost], ["churn has one class only among 12 test rows"])
    assert decision.reason == (
        "refused: not better than a baseline: next_item auc -0.0100 [-0.0300, +0.0100] against "
        "recent_popularity_7d (0.0430) (churn has one class only among 12 test rows)"
    )


def test_every_failure_is_told() -> None:
    reason = decide([against("recency", WORSE), against("logistic", WORSE)]).reason
    assert "not better than a baseline" in reason
    assert "significantly worse" in reason


def test_a_number_that_is_not_finite_promotes_nothing() -> None:
    nan = float("nan")
    assert not decide([against("recency", (nan, nan, nan))]).promoted
    assert not decide([against("recency", BETTER), against("logistic", (nan, nan, nan))]).promoted
    assert not decide([against("recency", BETTER), against("champion", (nan, nan, 1.0))]).promoted


def test_relative_gain_is_the_mean_of_shares() -> None:
    first = against("champion", (0, 0.02, 0), value=0.8)
    second = against("champion", (0, -0.01, 0), value=0.05)
    assert relative_gain([first, second]) == pytest.approx((0.025 - 0.2) / 2)
