"""Intervals against theory and against a plain loop over resamples."""

import numpy as np
import pytest

from insight.errors import EmptyInputError
from insight.metrics.bootstrap import Resampling, interval, paired_difference
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
