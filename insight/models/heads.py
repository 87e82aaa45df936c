"""Heads on the features: a linear rule, and what a network sees beyond it."""

import numpy as np
import tensorflow as tf
import tf_keras as keras

from insight.encoding.tasks import NEXT_ACTIONS
from insight.models.arrays import Array
from insight.models.shape import ModelShape

PARTS = ("wide", "deep")
DEEP_DROPOUT = 0.5


class DeepPart(keras.layers.Layer):  # type: ignore[misc]
    """Two layers on the features and the encoder's state; what they say begins at zero."""

    def __init__(self, shape: ModelShape, answers: int) -> None:
        super().__init__(name="deep")
        self._inner = keras.layers.Dense(shape.width // 2, activation="relu", name="inner")
        self._outer = keras.layers.Dense(
            answers, use_bias=False, kernel_initializer="zeros", name="outer"
        )
        self._dropout = keras.layers.Dropout(DEEP_DROPOUT)

    def call(self, features: tf.Tensor, state: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits, shape (rows, answers); arguments as for ``YesNoHead``."""
        joined = tf.concat([features, state], axis=1)
        inner = self._inner(self._dropout(joined, training=training))
        return self._outer(self._dropout(inner, training=training))


class YesNoHead(keras.layers.Layer):  # type: ignore[misc]
    """Wide and deep (Cheng et al. 2016), kept apart.

    The wide part is logistic regression on the features. It is solved exactly and set from
    outside, since gradient descent is slow on features that go together. The deep part learns
    what that leaves over; it starts at zero, and calibration decides how much of it to believe.
    """

    def __init__(self, shape: ModelShape, name: str) -> None:
        super().__init__(name=name)
        self._wide = keras.layers.Dense(1, kernel_initializer="zeros", trainable=False, name="wide")
        self._deep = DeepPart(shape, answers=1)

    def call(self, features: tf.Tensor, state: tf.Tensor, training: bool = False) -> tf.Tensor:
        """The logit in two parts.

        Args:
            features: Shape (rows, any width, always the same).
            state: The encoder's last state, shape (rows, width).
            training: Whether units are dropped.

        Returns:
            ``PARTS``, to be added up: shape (rows, 2).
        """
        deep = self._deep(features, state, training=training)
        return tf.concat([self._wide(features), deep], axis=1)

    def set_wide(self, coefficients: Array, intercept: float) -> None:
        """Set the regression: coefficients of shape (feature_width,), and the intercept."""
        self._wide.set_weights([coefficients[:, None], np.array([intercept])])


class ActionHead(keras.layers.Layer):  # type: ignore[misc]
    """Which of ``NEXT_ACTIONS`` comes next: wide and deep as well, all of it by gradients."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__(name="next_action")
        count = len(NEXT_ACTIONS)
        self._wide = keras.layers.Dense(count, kernel_initializer="zeros", name="wide")
        self._deep = DeepPart(shape, answers=count)

    def call(self, features: tf.Tensor, state: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits, shape (rows, actions); arguments as for ``YesNoHead``."""
        return self._wide(features) + self._deep(features, state, training=training)
