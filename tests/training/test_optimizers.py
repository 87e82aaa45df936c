import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from insight.settings import TrainingSettings
from insight.training.optimizers import FINAL_RATE_SHARE, make_optimizer

STEPS = 100


def _rates(**settings: object) -> np.ndarray:
    """The learning rate at every step."""
    checked = TrainingSettings.model_validate({"learning_rate": 0.2, **settings})
    schedule = make_optimizer(checked, STEPS)._learning_rate
    return np.array([float(schedule(step)) for step in range(STEPS + 1)])


def test_the_rate_falls_along_a_cosine_to_a_share_of_itself():
    rates = _rates()
    assert rates[0] == pytest.approx(0.2)
    assert rates[-1] == pytest.approx(0.2 * FINAL_RATE_SHARE)
    assert (np.diff(rates) < 0).all()


def test_the_rate_rises_in_the_warm_up_and_stays_without_decay():
    rates = _rates(warm_up_share=0.1, decay="none")
    np.testing.assert_allclose(rates[:11], np.linspace(0, 0.2, 11), atol=1e-6)
    np.testing.assert_allclose(rates[10:], 0.2, rtol=1e-6)


@pytest.mark.parametrize(("kind", "factor"), [("none", 1), ("sqrt", 2), ("linear", 4)])
def test_the_rate_grows_with_the_ranks_and_then_warms_up(kind, factor):
    checked = TrainingSettings(learning_rate=0.1, decay="none", scale_learning_rate=kind)
    schedule = make_optimizer(checked, STEPS, ranks=4)._learning_rate
    assert float(schedule(STEPS)) == pytest.approx(0.1 * factor)
    assert float(schedule(0)) == pytest.approx(0.1 if kind == "none" else 0.0)


@pytest.mark.parametrize("kind", ["adamw", "adam", "sgd"])
def test_every_optimiser_goes_downhill(kind):
    settings = TrainingSettings(optimizer=kind, learning_rate=0.1, decay="none")
    optimizer, weight = make_optimizer(settings, STEPS), tf.Variable([3.0], name="weight")
    for _ in range(5):
        optimizer.apply_gradients([(2 * weight, weight)])
    assert 0 < abs(float(weight[0])) < 3


def test_weight_decay_shrinks_weights_but_not_biases():
    settings = TrainingSettings(weight_decay=0.5, learning_rate=0.1, decay="none")
    optimizer = make_optimizer(settings, STEPS)
    weight, bias = (tf.Variable([1.0], name=name) for name in ("kernel", "bias"))
    optimizer.apply_gradients([(tf.zeros(1), weight), (tf.zeros(1), bias)])
    assert float(weight[0]) < 1
    assert float(bias[0]) == 1


@pytest.mark.parametrize(("kind", "usual"), [("adamw", "AdamW"), ("adam", "Adam")])
def test_one_operation_a_variable_does_what_the_optimiser_of_keras_does(kind, usual):
    settings = TrainingSettings(optimizer=kind, learning_rate=0.1, weight_decay=0.01)
    ours = make_optimizer(settings, STEPS)
    decay = {"weight_decay": 0.01} if kind == "adamw" else {}
    theirs = getattr(keras.optimizers, usual)(
        ours._learning_rate, beta_2=float(ours.beta_2), **decay
    )
    weights = [tf.Variable([[3.0, -1.0], [0.5, 0.0]], name="kernel") for _ in range(2)]
    for step in range(1, 20):
        gradient = tf.constant([[1.0, -0.1], [0.0, 3.0]]) / step
        for optimizer, weight in zip((ours, theirs), weights, strict=True):
            optimizer.apply_gradients([(gradient, weight)])
    np.testing.assert_allclose(*(weight.numpy() for weight in weights), rtol=1e-5, atol=1e-7)
