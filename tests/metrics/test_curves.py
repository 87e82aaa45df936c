"""The points of pictures, by hand."""

import numpy as np
import pytest

from insight.metrics.curves import Confusion, GainPoint, confusion, gains_by_tenth, reliability

# Ten rows by falling probability; four of them came true.
SAID = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0])
CAME = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])


def test_one_half_is_a_yes() -> None:
    assert confusion(CAME, SAID) == Confusion(true_yes=3, false_yes=2, false_no=1, true_no=4)


def test_bins_hold_as_many_rows_each_and_rise() -> None:
    low, high = reliability(CAME, SAID, bins=2)
    assert (low.predicted, low.observed, low.rows) == (pytest.approx(0.2), 0.2, 5)
    assert (high.predicted, high.observed, high.rows) == (pytest.approx(0.7), 0.6, 5)


def test_rows_of_one_probability_are_one_bin() -> None:
    (only,) = reliability(CAME, np.full(10, 0.3))
    assert (only.predicted, only.observed, only.rows) == (pytest.approx(0.3), 0.4, 10)


def test_gain_rises_to_one_and_lift_falls_to_one() -> None:
    found = gains_by_tenth(CAME, SAID)
    assert found[0] == GainPoint(share=0.1, gain=0.25, lift=2.5)
    assert found[1] == GainPoint(share=0.2, gain=0.5, lift=2.5)
    assert found[6] == GainPoint(share=0.7, gain=1.0, lift=pytest.approx(10 / 7))
    assert found[9] == GainPoint(share=1.0, gain=1.0, lift=1.0)


def test_without_any_that_came_there_is_no_gain() -> None:
    assert gains_by_tenth(np.zeros(10), SAID) == []
