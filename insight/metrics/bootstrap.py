"""How far a metric, or the difference of two, would move with another draw of customers.

The percentile bootstrap (Efron and Tibshirani 1993, "An Introduction to the Bootstrap",
chapter 13). Whole customers are drawn, with all their rows, since the rows of one customer
are not independent (Davison and Hinkley 1997, "Bootstrap Methods", section 3.8).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insight.errors import EmptyInputError
from insight.metrics.arrays import Booleans, Doubles
from insight.metrics.statistics import Statistic

LOWER, UPPER = 2.5, 97.5
"""Percentiles of a 95 % interval."""

_CELLS_AT_ONCE = 250_000
"""Counts held in memory at once: 2 MB, which stay in a core's cache."""

_NO_ERROR = 1e-9
"""Stands for a standard error of 0; a sum's rounding is smaller."""


@dataclass(frozen=True)
class Estimate:
    """A metric on the rows as they are, and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Resampling:
    """The draws that every contender shares, so that differences are paired.

    Args:
        groups: The customer of each row, as a number from 0, shape (rows,).
        rounds: How many times all customers are drawn.
        seed: The same seed gives the same draws.
    """

    groups: NDArray[np.int64]
    rounds: int
    seed: int

    def counts(self) -> Iterator[Doubles]:
        """How often each row was drawn, in blocks of shape (up to rounds, rows)."""
        random = np.random.default_rng(self.seed)
        customers = int(self.groups.max()) + 1
        block = max(1, _CELLS_AT_ONCE // max(len(self.groups), customers))
        for first in range(0, self.rounds, block):
            rounds = min(block, self.rounds - first)
            drawn = random.integers(customers, size=(rounds, customers))
            # One bincount for the block: each round's customers get numbers of their own.
            shifted = drawn + customers * np.arange(rounds)[:, None]
            per_customer = np.bincount(shifted.ravel(), minlength=rounds * customers)
            yield per_customer.reshape(rounds, customers)[:, self.groups].astype(np.float64)


def interval(statistic: Statistic, resampling: Resampling) -> Estimate:
    """A metric with its percentile interval.

    Raises:
        EmptyInputError: There are no rows, or most rounds give no value.
    """
    return _estimate(statistic, resampling)


def paired_difference(first: Statistic, second: Statistic, resampling: Resampling) -> Estimate:
    """How much higher ``first`` is than ``second`` on the same rows and the same draws.

    Two contenders err on the same hard rows, so the interval of their difference is far
    narrower than those of the two metrics suggest.

    Raises:
        EmptyInputError: There are no rows, or most rounds give no value.
    """
    return _estimate(lambda counts: first(counts) - second(counts), resampling)


@dataclass(frozen=True)
class Pair:
    """Two contenders' values of one metric, on some of the rows that are resampled.

    Args:
        first: The metric whose advantage is wanted; reads the counts of ``rows`` only.
        second: The metric it is compared with.
        rows: Rows that the metric is measured on, shape (all rows,).
    """

    first: Statistic
    second: Statistic
    rows: Booleans

    def differences(self, counts: Doubles) -> Doubles:
        """First minus second in each round; ``counts`` has the shape (rounds, all rows)."""
        measured = counts[:, self.rows]
        return self.first(measured) - self.second(measured)


@dataclass(frozen=True)
class JointDifferences:
    """Differences of several metrics on the same draws of customers.

    Metrics of one set of customers are correlated. Only joint draws show by how much.

    Args:
        values: On the rows as they are, shape (pairs,).
        draws: In each usable round, shape (rounds, pairs).
    """

    values: Doubles
    draws: Doubles

    @property
    def errors(self) -> Doubles:
        """Bootstrap standard errors, shape (pairs,)."""
        return np.asarray(self.draws.std(axis=0, ddof=1))

    def standardised_sum(self) -> float:
        """The sum of the differences in standard errors, divided by its own standard error.

        O'Brien's ordinary-least-squares statistic for several endpoints (O'Brien 1984,
        "Procedures for comparing samples with multiple endpoints", Biometrics 40): standard
        normal for large samples if no metric differs, whatever the correlation. The standard
        error of the sum comes from the draws and so contains the correlation.

        Returns:
            A z score; infinite if the sum does not vary between draws, 0 if it is 0 as well.
        """
        errors = np.maximum(self.errors, _NO_ERROR)
        total = float((self.values / errors).sum())
        spread = float(((self.draws - self.values) / errors).sum(axis=1).std(ddof=1))
        if spread > 0:
            return total / spread
        return 0.0 if total == 0 else float(np.copysign(np.inf, total))


def joint_differences(pairs: Sequence[Pair], resampling: Resampling) -> JointDifferences:
    """Resample several paired differences together.

    A round counts only if every pair has a value in it.

    Args:
        pairs: At least one.
        resampling: Draws of all rows' customers.

    Raises:
        EmptyInputError: There are no rows, or most rounds give some pair no value.
    """
    rows = len(resampling.groups)
    if rows == 0:
        raise _without_values("no rows")
    values = _side_by_side(pairs, np.ones((1, rows)))[0]
    drawn = np.concatenate([_side_by_side(pairs, counts) for counts in resampling.counts()])
    usable = drawn[~np.isnan(drawn).any(axis=1)]
    if np.isnan(values).any() or len(usable) < resampling.rounds / 2:
        raise _without_values(f"a value in {len(usable)} of {resampling.rounds} rounds")
    return JointDifferences(values, usable)


def _side_by_side(pairs: Sequence[Pair], counts: Doubles) -> Doubles:
    return np.stack([pair.differences(counts) for pair in pairs], axis=1)


def _estimate(statistic: Statistic, resampling: Resampling) -> Estimate:
    rows = len(resampling.groups)
    if rows == 0:
        raise _without_values("no rows")
    value = float(statistic(np.ones((1, rows)))[0])
    drawn = np.concatenate([statistic(counts) for counts in resampling.counts()])
    usable = drawn[~np.isnan(drawn)]
    if np.isnan(value) or len(usable) < resampling.rounds / 2:
        raise _without_values(f"a value in {len(usable)} of {resampling.rounds} rounds")
    low, high = np.percentile(usable, [LOWER, UPPER])
    return Estimate(value, float(low), float(high))


def _without_values(found: str) -> EmptyInputError:
    return EmptyInputError(
        "bootstrap of a metric",
        found=found,
        expected="rows that give the metric a value",
        next_step="leave the task out, or take a longer test window",
    )
