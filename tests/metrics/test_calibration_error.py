"""Calibration against bins filled by hand and against labels drawn from known chances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from insight.metrics.calibration import (
    calibration_slope,
    equal_mass_bins,
    expected_calibration_error,
)


def test_bins_hold_equally_many_rows_in_order() -> None:
    chances = np.array([0.9, 0.1, 0.2, 0.3, 0.8, 0.7])
    assert equal_mass_bins(chances, 3).tolist() == [2, 0, 0, 1, 2, 1]


def test_equal_probabilities_share_a_bin() -> None:
    assert len(set(equal_mass_bins(np.full(7, 0.4), 3).tolist())) == 1


def test_the_error_as_worked_out_by_hand() -> None:
    labels = np.array([0, 1, 1, 1.0])
    chances = np.array([0.1, 0.3, 0.8, 0.8])
    # Lower bin: frequency .5, mean .2; upper bin: frequency 1, mean .8; half the rows each.
    assert expected_calibration_error(labels, chances, bins=2) == pytest.approx(
        0.5 * 0.3 + 0.5 * 0.2
    )


@given(
    hnp.arrays(np.float64, 25, elements=st.integers(0, 1)),
    hnp.arrays(np.float64, 25, elements=st.floats(0, 1)),
    st.permutations(range(25)),
)
def test_the_order_of_rows_changes_nothing(
    labels: np.ndarray, chances: np.ndarray, order: list[int]
) -> None:
    error = expected_calibration_error(labels, chances)
    assert 0 <= error <= 1
    assert expected_calibration_error(labels[order], chances[order]) == pytest.approx(error)


def test_true_chances_are_calibrated_and_exaggerated_ones_are_not() -> None:
    random = np.random.default_rng(3)
    log_odds = random.normal(size=20_000)
    truth = 1 / (1 + np.exp(-log_odds))
    labels = (random.random(20_000) < truth).astype(np.float64)
    exaggerated = 1 / (1 + np.exp(-2 * log_odds))
    assert expected_calibration_error(labels, truth) < 0.02
    assert expected_calibration_error(labels, exaggerated) > 0.08
    slope, intercept = calibration_slope(labels, truth)
    assert slope == pytest.approx(1, abs=0.05)
    assert intercept == pytest.approx(0, abs=0.05)
    assert calibration_slope(labels, exaggerated)[0] == pytest.approx(0.5, abs=0.03)


def test_the_slope_to_known_probabilities_has_no_chance_in_it() -> None:
    truth = np.array([0.1, 0.4, 0.5, 0.8])
    doubled = truth**2 / (truth**2 + (1 - truth) ** 2)
    assert calibration_slope(truth, truth) == pytest.approx((1, 0), abs=1e-3)
    assert calibration_slope(truth, doubled) == pytest.approx((0.5, 0), abs=1e-3)


def test_certain_predictions_have_a_slope() -> None:
    slope, _ = calibration_slope(np.array([0, 1, 0, 1.0]), np.array([0, 1, 1, 0.5]))
    assert np.isfinite(slope)
