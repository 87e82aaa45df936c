"""A recurrent encoder: each position sees only the events up to itself."""

import tensorflow as tf
import tf_keras as keras

from insight.models.shape import ModelShape


class GruEncoder(keras.layers.Layer):  # type: ignore[misc]
    """Stacked gated recurrent units (Cho et al. 2014), as in GRU4Rec (Hidasi et al. 2016).

    The padding is on the left, so it passes before the first event; masked steps leave the
    state at zero, and a short sequence is encoded as if it had no padding.
    """

    def __init__(self, shape: ModelShape) -> None:
        super().__init__(name="encoder")
        self._layers = [
            keras.layers.GRU(shape.width, return_sequences=True, name=f"gru_{i}")
            for i in range(shape.blocks)
        ]
        self._dropout = keras.layers.Dropout(shape.dropout)

    def call(self, events: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        """States after each event.

        Args:
            events: Shape (rows, length, width).
            mask: True where there is an event, shape (rows, length).
            training: Whether units are dropped.

        Returns:
            Shape (rows, length, width).
        """
        states = events
        for layer in self._layers:
            states = self._dropout(layer(states, mask=mask), training=training)
        return states
