"""Metrics as functions of how often each row was drawn, which is what a bootstrap asks for.

Drawing rows with replacement and counting them is the same as weighting each row by its
count. In that form hundreds of resamples are one matrix product, without a Python loop.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from insight.metrics.arrays import Doubles, Floats
from insight.metrics.calibration import BINS, equal_mass_bins

Statistic = Callable[[Doubles], Doubles]
"""From counts, shape (rounds, rows), to the metric of each round, shape (rounds,).

NaN where a round did not draw what the metric needs (AUC without both classes).
"""


def mean_of(values: Floats) -> Statistic:
    """The mean of a value per row: NDCG, hit rate, log loss, Brier, accuracy."""
    return ratio_of(values, np.ones(len(values)))


def ratio_of(numerators: Floats, denominators: Floats, *, otherwise: float = np.nan) -> Statistic:
    """The ratio of two sums over rows: precision, recall, F1.

    Args:
        numerators: Shape (rows,).
        denominators: Not negative, shape (rows,).
        otherwise: The metric of a round whose denominators sum to 0.
    """

    def ratio(counts: Doubles) -> Doubles:
        below = counts @ denominators.astype(np.float64)
        above = counts @ numerators.astype(np.float64)
        return np.divide(above, below, out=np.full(len(below), otherwise), where=below > 0)

    return ratio


def macro_f1_of(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> Statistic:
    """The mean F1 of the classes that are there, each class counting the same.

    Args:
        labels: Class of each row, shape (rows,).
        predicted: The class said, shape (rows,).
    """
    of_each = [
        ratio_of(
            2.0 * ((labels == each) & (predicted == each)),
            1.0 * (labels == each) + (predicted == each),
        )
        for each in np.unique(labels)
    ]

    def macro_f1(counts: Doubles) -> Doubles:
        values = np.stack([of_class(counts) for of_class in of_each])
        # A round that drew no row of a class says nothing of it.
        there = ~np.isnan(values)
        return np.asarray(
            np.where(there, values, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
        )

    return macro_f1


def auc_of(labels: Floats, scores: Floats) -> Statistic:
    """The area under the ROC curve.

    The share of (positive, negative) pairs in the right order, ties counting half: the
    Mann-Whitney form (Hanley and McNeil 1982).
    """
    order, starts = _ties(scores)
    truth = labels[order].astype(np.float64)

    positive = np.flatnonzero(truth)
    has_ties = len(starts) < len(truth)

    def auc(counts: Doubles) -> Doubles:
        drawn = counts[:, order]
        positives, negatives = drawn[:, positive], drawn * (1.0 - truth)
        if has_ties:
            positives = np.add.reduceat(drawn * truth, starts, axis=1)
            negatives = np.add.reduceat(negatives, starts, axis=1)
        below = np.cumsum(negatives, axis=1)
        # A tie of a positive and a negative counts half; without ties no row is both.
        passed = below - 0.5 * negatives if has_ties else below[:, positive]
        right = np.einsum("ij,ij->i", positives, passed)
        pairs = positives.sum(axis=1) * below[:, -1]
        return np.divide(right, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)

    return auc


def average_precision_of(labels: Floats, scores: Floats) -> Statistic:
    """The area under the precision-recall curve as average precision (as scikit-learn's)."""
    order, starts = _ties(-scores)
    truth = labels[order].astype(np.float64)

    def average_precision(counts: Doubles) -> Doubles:
        drawn = counts[:, order]
        positives = np.add.reduceat(drawn * truth, starts, axis=1)
        found = np.cumsum(positives, axis=1)
        looked_at = np.cumsum(np.add.reduceat(drawn, starts, axis=1), axis=1)
        precision = np.divide(found, looked_at, out=np.zeros_like(found), where=looked_at > 0)
        total, area = found[:, -1], (precision * positives).sum(axis=1)
        return np.divide(area, total, out=np.full(len(total), np.nan), where=total > 0)

    return average_precision


def calibration_error_of(labels: Floats, probabilities: Floats, bins: int = BINS) -> Statistic:
    """The expected calibration error, in the bins of the rows as they are.

    Resampling adds noise to every bin, and noise only ever adds to this metric: near 0 its
    percentile interval lies above the value.
    """
    members = np.eye(bins)[equal_mass_bins(probabilities, bins)]
    surplus = members * (labels - probabilities).astype(np.float64)[:, None]

    def calibration_error(counts: Doubles) -> Doubles:
        return np.asarray(np.abs(counts @ surplus).sum(axis=1) / counts.sum(axis=1))

    return calibration_error


def top_share_of(scores: Floats, share: float) -> Doubles:
    """1 for the share of the rows with the highest scores, else 0; ties by row. Shape (rows,)."""
    top = np.zeros(len(scores))
    top[np.argsort(-scores, kind="stable")[: max(1, round(share * len(scores)))]] = 1.0
    return top


def lift_of(labels: Floats, scores: Floats, share: float) -> Statistic:
    """How many times as often label 1 comes in the top share of the scores as anywhere.

    The top share is that of the rows as they are (Witten and Frank, "Data Mining", lift charts).
    """
    top = top_share_of(scores, share)
    in_top, everywhere = ratio_of(labels * top, top), mean_of(labels)

    def lift(counts: Doubles) -> Doubles:
        base = everywhere(counts)
        out = np.full(len(base), np.nan)
        return np.divide(in_top(counts), base, out=out, where=base > 0)

    return lift


def _ties(scores: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The ascending order of scores, and where in it each group of equal scores begins."""
    order = np.argsort(scores, kind="stable")
    ascending = scores[order]
    begins = np.concatenate(([True], ascending[1:] != ascending[:-1]))
    return order, np.flatnonzero(begins)
