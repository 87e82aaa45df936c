import numpy as np
import pytest

from insight.models.calibration import (
    LogitScale,
    fit_temperature,
    load_calibration,
    save_calibration,
)


def _column(*values: float) -> np.ndarray:
    return np.array(values)[:, None]


def test_the_true_scale_is_found():
    random = np.random.default_rng(0)
    parts = random.normal(size=(200_000, 2))
    true = 1 / (1 + np.exp(-(parts @ [0.5, 0.2] - 1.0)))
    labels = (random.random(200_000) < true).astype(np.float32)
    scale = LogitScale.fit(parts, labels)
    np.testing.assert_allclose([*scale.slopes, scale.intercept], [0.5, 0.2, -1.0], atol=0.02)


def test_eight_rows_by_hand():
    # With four labels of each class, Platt's targets are (4+1)/(4+2) = 5/6 and 1/(4+2) = 1/6.
    # At logit -1 one of four is "yes": the mean target is (5/6 + 3/6) / 4 = 1/3. At logit 1 it
    # is 2/3. The fit goes through both log-odds, -log 2 and log 2.
    logits = np.repeat([-1.0, 1.0], 4)[:, None]
    scale = LogitScale.fit(logits, np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0]))
    np.testing.assert_allclose([*scale.slopes, scale.intercept], [np.log(2), 0.0], atol=1e-6)


def test_one_class_only_shifts_the_logits():
    # Three times "no": the target is 1 / (3 + 2), and the order of customers stays.
    logits = _column(-1.0, 0.0, 1.0)
    scale = LogitScale.fit(logits, np.zeros(3))
    assert scale.slopes == (1.0,)
    np.testing.assert_allclose(scale.probabilities(logits).mean(), 0.2, atol=1e-6)


def test_a_part_that_points_the_wrong_way_is_left_out():
    right = np.array([-3.0, -2.0, -1.0, 1.0, 2.0, 3.0])
    wrong = np.array([0.5, 0.4, -0.1, 0.3, -0.4, -0.5])
    labels = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    scale = LogitScale.fit(np.stack([right, wrong], axis=1), labels)
    assert scale.slopes[0] > 0
    assert scale.slopes[1] == 0.0


def test_a_model_that_ranks_backwards_is_not_turned_round():
    scale = LogitScale.fit(_column(-3.0, -2.0, 2.0, 3.0), np.array([1.0, 1.0, 0.0, 0.0]))
    assert scale.slopes == (1.0,)


def test_a_shift_follows_the_base_rate_and_keeps_the_order():
    random = np.random.default_rng(1)
    parts = random.normal(size=(100_000, 2))
    scale = LogitScale((0.5, 0.2), -1.0)
    rarer = 1 / (1 + np.exp(-(parts @ scale.slopes - 2.0)))
    shifted = scale.shifted(parts, (random.random(100_000) < rarer).astype(np.float32))
    assert shifted.slopes == scale.slopes
    np.testing.assert_allclose(shifted.intercept, -2.0, atol=0.03)
    assert scale.shifted(parts[:0], np.array([])) == scale


def test_without_rows_the_parts_are_added_up():
    assert LogitScale.fit(np.zeros((0, 2)), np.array([])) == LogitScale((1.0, 1.0))


def test_huge_logits_give_probabilities():
    chances = LogitScale((1.0,)).probabilities(_column(-1e30, 1e30))
    np.testing.assert_array_equal(chances, [0.0, 1.0])


def test_scales_survive_the_disk(tmp_path):
    scales = {"purchase": LogitScale((0.7, 0.1), -0.2), "churn": LogitScale((1.0, 0.0))}
    save_calibration(tmp_path, scales)
    assert load_calibration(tmp_path) == scales


def test_the_temperature_is_the_one_with_the_least_loss():
    random = np.random.default_rng(5)
    logits = random.normal(size=(4000, 3))
    # Drawn as if the logits were half as large: the model is twice too sure.
    chances = np.exp(logits / 2) / np.exp(logits / 2).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(3, p=row) for row in chances])
    (slope,) = fit_temperature(logits, labels).slopes
    assert slope == pytest.approx(0.5, abs=0.05)
