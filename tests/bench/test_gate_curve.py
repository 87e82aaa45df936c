"""How often the gate replaces a champion, on simulated nights."""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from bench.gate.curve import Night, promoted_by, share_of
from insight.metrics.bootstrap import Pair, Resampling, joint_differences
from insight.metrics.statistics import mean_of
from insight.promotion.replacement import attempt_level

DATA_SETS = 2_000
ROWS = 200


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Keep BLAS from spreading small matrices over cores: its waiting threads cost more."""
    with threadpool_limits(1):
        yield


def outcomes(
    pattern: str, difference: float, *, nights: int, customers: int = 2_463, margins: float = 1.0
) -> list[dict[str, bool]]:
    """Whether each rule promotes, night by night."""
    return [
        promoted_by(Night(pattern, difference, seed, 60, customers, margins=margins))
        for seed in range(nights)
    ]


@pytest.fixture(scope="module")
def null_scores() -> np.ndarray:
    """Standardised sums of data sets without any true difference.

    Three correlated gains of different scales; the third exists for every second customer.
    """
    random = np.random.default_rng(13)
    mixing = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.3, 0.0, 0.954]])
    scales = np.array([1.0, 20.0, 0.1])
    everybody, second = np.ones(ROWS, dtype=bool), np.arange(ROWS) % 2 == 0
    measured = (everybody, everybody, second)
    scores = []
    for seed in range(DATA_SETS):
        gains = random.normal(size=(ROWS, 3)) @ mixing.T * scales
        pairs = [
            Pair(mean_of(gains[rows, task]), mean_of(np.zeros(rows.sum())), rows)
            for task, rows in enumerate(measured)
        ]
        draws = Resampling(np.arange(ROWS), rounds=100, seed=seed)
        scores.append(joint_differences(pairs, draws).standardised_sum())
    return np.array(scores)


@pytest.mark.parametrize("attempts", [1, 5, 9])
def test_an_equal_challengers_sum_is_significant_as_often_as_the_level_says(
    null_scores: np.ndarray, attempts: int
) -> None:
    level = attempt_level(0.05, attempts)
    share = (null_scores > NormalDist().inv_cdf(1.0 - level)).mean()
    assert share == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / DATA_SETS))


def test_the_sum_without_a_difference_is_standard_normal(null_scores: np.ndarray) -> None:
    assert null_scores.mean() == pytest.approx(0.0, abs=3 / np.sqrt(DATA_SETS))
    assert null_scores.std() == pytest.approx(1.0, abs=3 / np.sqrt(2 * DATA_SETS))


def test_an_equal_challenger_passes_the_margins_and_seldom_the_sum() -> None:
    # Margins that 600 customers can resolve, so that the sum alone decides.
    found = outcomes("all", 0.0, nights=60, customers=600, margins=3.0)
    assert share_of(found, "not_worse") >= 0.8
    # 0.57 % of the nights: more than 3 of 60 come about once in 3,000 times.
    assert share_of(found, "better") <= 3 / 60
    # The rule before: a coin toss.
    assert share_of(found, "mean_of_shares") > 0.3


def test_a_challenger_worse_on_some_tasks_is_practically_never_promoted() -> None:
    # -0.003 AUC on purchase and churn, -0.6 points of accuracy.
    assert share_of(outcomes("two", -0.003, nights=30), "better") == 0


def test_a_clearly_better_challenger_is_mostly_promoted() -> None:
    found = outcomes("all", 0.01, nights=10)
    assert share_of(found, "better") >= 0.8
    assert share_of(found, "not_worse") >= 0.8
