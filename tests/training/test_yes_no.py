import numpy as np
import pytest
import tensorflow as tf

from insight.settings import TrainingSettings
from insight.training.yes_no import class_weights, masked_mean, yes_no_losses

LOGITS = tf.constant([[1.0, -1.0], [1.5, 0.5]])
"""In parts to be added up: 0 and 2."""


def _losses(labels: list[float], **settings: object) -> np.ndarray:
    checked = TrainingSettings.model_validate(settings)
    return yes_no_losses(LOGITS, tf.constant(labels), checked).numpy()


def test_smoothing_draws_labels_towards_a_half():
    # Label 1 smoothed by 0.2 is 0.9; at logit 0 any label costs log 2.
    yes = np.log1p(np.exp(-2.0))
    expected = [np.log(2), 0.9 * yes + 0.1 * (yes + 2.0)]
    np.testing.assert_allclose(_losses([1.0, 1.0], label_smoothing=0.2), expected, rtol=1e-5)


def test_focal_loss_passes_over_what_is_easy():
    # Probabilities a half and 0.881, both wrong about a no.
    chance = 1 / (1 + np.exp(-2.0))
    expected = [0.5**2 * np.log(2), -(chance**2) * np.log(1 - chance)]
    found = _losses([0.0, 0.0], yes_no_loss="focal", focal_gamma=2.0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_mean_squared_error_is_that_of_the_probability():
    expected = [0.25, (1 / (1 + np.exp(2.0))) ** 2]
    np.testing.assert_allclose(_losses([0.0, 1.0], yes_no_loss="mse"), expected, rtol=1e-5)


@pytest.mark.parametrize("yes", [1, 3])
def test_balanced_answers_weigh_the_same(yes):
    labels = tf.constant([1.0] * yes + [0.0] * (8 - yes) + [1.0])
    has_label = tf.constant([1.0] * 8 + [0.0])
    settings = TrainingSettings(class_weight="balanced")
    weights = class_weights(labels, has_label, settings).numpy()
    np.testing.assert_allclose([weights[:yes].sum(), weights[yes:8].sum()], [4.0, 4.0], rtol=1e-5)
    assert weights[8] == 0


def test_a_mean_over_no_labels_is_zero():
    assert masked_mean(tf.constant([3.0]), tf.constant([0.0])).numpy() == 0.0
    assert masked_mean(tf.constant([3.0, 5.0]), tf.constant([1.0, 1.0])).numpy() == 4.0
