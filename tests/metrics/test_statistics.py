"""A statistic of counts equals the metric of rows repeated that often."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from insight.metrics.statistics import (
    Statistic,
    auc_of,
    average_precision_of,
    calibration_error_of,
    lift_of,
    mean_of,
    ratio_of,
)

LABELS = hnp.arrays(np.float64, 12, elements=st.integers(0, 1))
TIED_SCORES = hnp.arrays(np.float64, 12, elements=st.sampled_from([0.1, 0.2, 0.5, 0.9]))
COUNTS = hnp.arrays(np.float64, 12, elements=st.integers(0, 4))


@pytest.mark.parametrize(
    ("statistic", "reference"),
    [
        pytest.param(auc_of, metrics.roc_auc_score, id="auc"),
        pytest.param(average_precision_of, metrics.average_precision_score, id="pr_auc"),
    ],
)
@given(labels=LABELS, scores=TIED_SCORES, counts=COUNTS)
def test_curves_equal_those_of_repeated_rows(
    statistic: Callable[..., Statistic],
    reference: Callable[..., float],
    labels: np.ndarray,
    scores: np.ndarray,
    counts: np.ndarray,
) -> None:
    repeated = np.repeat(labels, counts.astype(int))
    assume(0 < repeated.sum() < len(repeated))
    expected = reference(repeated, np.repeat(scores, counts.astype(int)))
    assert statistic(labels, scores)(counts[None, :])[0] == pytest.approx(expected)


@given(values=TIED_SCORES, counts=COUNTS)
def test_a_mean_equals_that_of_repeated_rows(values: np.ndarray, counts: np.ndarray) -> None:
    assume(counts.sum() > 0)
    expected = np.repeat(values, counts.astype(int)).mean()
    assert mean_of(values)(counts[None, :])[0] == pytest.approx(expected)


def test_rounds_are_worked_out_side_by_side() -> None:
    statistic = auc_of(np.array([0, 1, 1.0]), np.array([0.2, 0.1, 0.3]))
    counts = np.array([[1, 1, 1], [1, 2, 0], [1, 0, 2.0]])
    assert statistic(counts).tolist() == [0.5, 0.0, 1.0]


def test_a_round_of_one_class_has_no_value() -> None:
    labels, counts = np.array([0, 1.0]), np.array([[2, 0.0]])
    assert np.isnan(auc_of(labels, np.array([0.1, 0.2]))(counts)).all()
    assert np.isnan(average_precision_of(labels, np.array([0.1, 0.2]))(counts)).all()


def test_a_ratio_without_a_denominator_is_what_was_asked_for() -> None:
    nobody = np.zeros(3)
    assert ratio_of(nobody, nobody, otherwise=0.0)(np.ones((1, 3))).tolist() == [0.0]
    assert np.isnan(ratio_of(nobody, nobody)(np.ones((1, 3)))).all()


def test_calibration_error_weighs_rows_within_fixed_bins() -> None:
    labels, chances = np.array([0, 1, 1, 1.0]), np.array([0.1, 0.3, 0.8, 0.8])
    statistic = calibration_error_of(labels, chances, bins=2)
    # Round 2 draws the first row twice, the second never: |0 - .1| on half of the rows.
    assert statistic(np.array([[1, 1, 1, 1], [2, 0, 1, 1.0]])) == pytest.approx([0.25, 0.15])


def test_lift_is_how_many_times_as_often_the_top_share_says_yes() -> None:
    # Two of ten are the top: one of them is a yes, of three in all.
    scores = np.array([0.9, 0.8, 0.1, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.4])
    labels = np.array([1, 0, 1, 1, 0, 0, 0, 0, 0, 0.0])
    lift = lift_of(labels, scores, 0.2)
    assert lift(np.ones((1, 10)))[0] == pytest.approx(0.5 / 0.3)
    # A round that drew no yes has no base rate, and so no lift.
    assert np.isnan(lift((1 - labels)[None]))[0]
