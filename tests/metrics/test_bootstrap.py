"""Intervals against theory and against a plain loop over resamples."""

import numpy as np
import pytest

from insight.errors import EmptyInputError
from insight.metrics.bootstrap import (
    JointDifferences,
    Pair,
    Resampling,
    interval,
    joint_differences,
    paired_difference,
)
from insight.metrics.statistics import auc_of, mean_of

ROWS = 400
RANDOM = np.random.default_rng(11)
VALUES = RANDOM.normal(0.3, 1.0, ROWS)
EACH_ITS_OWN = Resampling(np.arange(ROWS), rounds=2_000, seed=5)


def test_the_interval_of_a_mean_is_that_of_the_central_limit_theorem() -> None:
    found = interval(mean_of(VALUES), EACH_ITS_OWN)
    half = 1.96 * VALUES.std() / np.sqrt(ROWS)
    assert found.value == pytest.approx(VALUES.mean())
    assert found.low == pytest.approx(VALUES.mean() - half, abs=0.01)
    assert found.high == pytest.approx(VALUES.mean() + half, abs=0.01)


def test_one_seed_gives_one_interval_and_another_seed_another() -> None:
    again = interval(mean_of(VALUES), Resampling(np.arange(ROWS), rounds=2_000, seed=5))
    other = interval(mean_of(VALUES), Resampling(np.arange(ROWS), rounds=2_000, seed=6))
    assert interval(mean_of(VALUES), EACH_ITS_OWN) == again
    assert other.low != again.low


def test_every_round_draws_as_many_customers_as_there_are() -> None:
    customers = np.array([0, 0, 1, 2, 2, 2])
    counts = np.concatenate(list(Resampling(customers, rounds=50, seed=1).counts()))
    assert counts.shape == (50, 6)
    # The rows of a customer come together, and three customers are drawn each time.
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 3] == counts[:, 5]).all()
    assert (counts[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_large_inputs_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = interval(mean_of(VALUES), EACH_ITS_OWN)
    monkeypatch.setattr("insight.metrics.bootstrap._CELLS_AT_ONCE", 7 * ROWS)
    assert interval(mean_of(VALUES), EACH_ITS_OWN) == whole


def test_repeated_rows_of_a_customer_make_nothing_surer() -> None:
    once = interval(mean_of(VALUES), EACH_ITS_OWN)
    customers = np.repeat(np.arange(ROWS), 5)
    five_times = interval(mean_of(np.repeat(VALUES, 5)), Resampling(customers, 2_000, seed=5))
    assert five_times.low == pytest.approx(once.low)
    assert five_times.high == pytest.approx(once.high)


def test_a_paired_difference_is_surer_than_two_intervals_apart() -> None:
    shifted = VALUES + 0.05 + RANDOM.normal(0, 0.05, ROWS)
    gain = paired_difference(mean_of(shifted), mean_of(VALUES), EACH_ITS_OWN)
    assert 0 < gain.low < gain.value < gain.high
    assert (
        interval(mean_of(shifted), EACH_ITS_OWN).low < interval(mean_of(VALUES), EACH_ITS_OWN).high
    )


def test_a_paired_difference_equals_a_loop_over_the_same_draws() -> None:
    labels = (RANDOM.random(60) < 0.4).astype(np.float64)
    first, second = labels + RANDOM.normal(size=60), RANDOM.normal(size=60)
    draws = Resampling(np.arange(60), rounds=100, seed=2)
    one, two = auc_of(labels, first), auc_of(labels, second)
    looped = [
        one(row[None, :])[0] - two(row[None, :])[0] for block in draws.counts() for row in block
    ]
    found = paired_difference(one, two, draws)
    assert [found.low, found.high] == pytest.approx(np.percentile(looped, [2.5, 97.5]).tolist())


def test_a_contender_never_differs_from_itself() -> None:
    nothing = paired_difference(mean_of(VALUES), mean_of(VALUES), EACH_ITS_OWN)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)


def test_no_rows_and_no_values_are_refused() -> None:
    with pytest.raises(EmptyInputError, match="no rows"):
        interval(mean_of(np.array([])), Resampling(np.array([], dtype=np.int64), 20, seed=1))
    with pytest.raises(EmptyInputError, match="0 of 20 rounds"):
        interval(auc_of(np.ones(3), np.ones(3)), Resampling(np.arange(3), 20, seed=1))


def test_joint_differences_are_those_of_every_pair_and_know_their_correlation() -> None:
    other = RANDOM.normal(0.3, 1.0, ROWS)
    some = np.arange(ROWS) < ROWS // 2
    nothing = mean_of(np.zeros(ROWS))
    found = joint_differences(
        [
            Pair(mean_of(VALUES), nothing, np.ones(ROWS, dtype=bool)),
            Pair(mean_of(2 * VALUES), nothing, np.ones(ROWS, dtype=bool)),
            Pair(mean_of(other[some]), mean_of(np.zeros(ROWS // 2)), some),
        ],
        EACH_ITS_OWN,
    )
    assert found.values == pytest.approx([VALUES.mean(), 2 * VALUES.mean(), other[some].mean()])
    central = VALUES.std() / np.sqrt(ROWS)
    expected = [central, 2 * central, other[some].std() / np.sqrt(ROWS / 2)]
    assert found.errors == pytest.approx(expected, rel=0.06)
    correlation = np.corrcoef(found.draws.T)
    assert correlation[0, 1] == pytest.approx(1.0)
    assert abs(correlation[0, 2]) < 0.1


def test_the_standardised_sum_counts_what_is_said_twice_once() -> None:
    draws = np.array([[0.1], [0.3], [0.2], [0.2]])
    once = JointDifferences(np.array([0.2]), draws)
    twice = JointDifferences(np.array([0.2, 0.4]), np.hstack([draws, 2 * draws]))
    # Standard deviation of the draws: sqrt(0.02 / 3).
    assert once.standardised_sum() == pytest.approx(0.2 / np.sqrt(0.02 / 3))
    assert twice.standardised_sum() == pytest.approx(once.standardised_sum())


def test_the_standardised_sum_of_independent_metrics_grows_with_their_root() -> None:
    first, second = np.array([1.0, -1.0, 1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0])
    error = np.sqrt(4 / 3)
    values = np.array([2 * error, 2 * error])
    found = JointDifferences(values, values + np.stack([first, second], axis=1))
    assert found.standardised_sum() == pytest.approx(4 / np.sqrt(2))


@pytest.mark.parametrize(("value", "score"), [(0.0, 0.0), (0.5, np.inf), (-0.5, -np.inf)])
def test_a_difference_that_no_draw_changes_is_certain(value: float, score: float) -> None:
    found = JointDifferences(np.array([value]), np.full((5, 1), value))
    assert found.standardised_sum() == score


def test_joint_differences_leave_out_rounds_without_a_value() -> None:
    rare = np.zeros(4)
    rare[:2] = 1.0
    scores = np.array([0.9, 0.2, 0.8, 0.1])
    pair = Pair(auc_of(rare, scores), auc_of(rare, -scores), np.ones(4, dtype=bool))
    found = joint_differences([pair], Resampling(np.arange(4), 200, seed=3))
    assert 100 < len(found.draws) < 200
    assert np.isfinite(found.draws).all()
    one_class = Pair(auc_of(np.ones(4), scores), auc_of(np.ones(4), scores), pair.rows)
    with pytest.raises(EmptyInputError, match="in 0 of 200 rounds"):
        joint_differences([pair, one_class], Resampling(np.arange(4), 200, seed=3))
