"""A convolutional encoder: each position sees only the events up to itself."""

import tensorflow as tf
import tf_keras as keras

from insight.models.shape import ModelShape

_KERNEL = 3
_DILATIONS = (1, 2, 4, 8)
"""One after the other they reach back over 31 events."""


class CnnEncoder(keras.layers.Layer):  # type: ignore[misc]
    """Dilated causal convolutions in residual blocks, as NextItNet (Yuan et al. 2019).

    A state is what the convolutions see of the newest events, and the mean over all events up
    to the position: causal average pooling.
    """

    def __init__(self, shape: ModelShape) -> None:
        super().__init__(name="encoder")
        self._blocks = [
            ConvolutionBlock(shape, dilation, name=f"block_{stack}_{dilation}")
            for stack in range(shape.blocks)
            for dilation in _DILATIONS
        ]
        self._norm = keras.layers.LayerNormalization(epsilon=1e-6, name="final_norm")
        self._joined = keras.layers.Dense(shape.width, name="joined")

    def call(self, events: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        """States after each event.

        Args:
            events: Shape (rows, length, width).
            mask: True where there is an event, shape (rows, length).
            training: Whether units are dropped.

        Returns:
            Shape (rows, length, width).
        """
        there = tf.cast(mask, events.dtype)[:, :, None]
        states = events * there
        for block in self._blocks:
            states = block(states, there, training=training)
        seen = tf.maximum(tf.cumsum(there, axis=1), 1.0)
        pooled = tf.cumsum(states, axis=1) / seen
        return self._joined(tf.concat([self._norm(states), self._norm(pooled)], axis=2))


class ConvolutionBlock(keras.layers.Layer):  # type: ignore[misc]
    """Norm, dilated causal convolution, and a pointwise layer, added to what came in."""

    def __init__(self, shape: ModelShape, dilation: int, name: str) -> None:
        super().__init__(name=name)
        self._norm = keras.layers.LayerNormalization(epsilon=1e-6, name="norm")
        self._wide = keras.layers.Conv1D(
            shape.width,
            _KERNEL,
            padding="causal",
            dilation_rate=dilation,
            activation="relu",
            name="wide",
        )
        self._point = keras.layers.Dense(shape.width, name="point")
        self._dropout = keras.layers.Dropout(shape.dropout)

    def call(self, states: tf.Tensor, there: tf.Tensor, training: bool = False) -> tf.Tensor:
        """One block.

        Args:
            states: Shape (rows, length, width); zero for padding.
            there: 1 where there is an event, else 0; shape (rows, length, 1).
            training: Whether units are dropped.

        Returns:
            Shape (rows, length, width); zero for padding, as if nothing stood before the first
            event.
        """
        # A norm makes something of nothing: padding is put back to zero before it is seen.
        seen = self._wide(self._norm(states) * there)
        return (states + self._dropout(self._point(seen), training=training)) * there
