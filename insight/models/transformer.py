"""A causal self-attention encoder: each position sees only the events up to itself."""

import tensorflow as tf
import tf_keras as keras

from insight.models.shape import ModelShape

_BLOCKED = -1e9


class TransformerEncoder(keras.layers.Layer):  # type: ignore[misc]
    """Pre-norm blocks (Xiong et al. 2020) of causal attention, as SASRec (Kang & McAuley 2018)."""

    def __init__(self, shape: ModelShape) -> None:
        super().__init__(name="encoder")
        self._blocks = [TransformerBlock(shape, f"block_{i}") for i in range(shape.blocks)]
        self._norm = keras.layers.LayerNormalization(epsilon=1e-6, name="final_norm")
        # Counted from the newest event, so that the padding on the left shifts nothing.
        self._positions = self.add_weight(
            name="positions",
            shape=(shape.sequence_length, shape.width),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )

    def call(self, events: tf.Tensor, mask: tf.Tensor, training: bool = False) -> tf.Tensor:
        """States after each event.

        Args:
            events: Shape (rows, length, width).
            mask: True where there is an event, shape (rows, length).
            training: Whether units are dropped.

        Returns:
            Shape (rows, length, width).
        """
        length = tf.shape(events)[1]
        states = events + self._positions[-length:]
        causal = tf.linalg.band_part(tf.ones((length, length), tf.bool), -1, 0)
        # A padded query sees at least itself: a softmax over nothing is not a number.
        visible = (causal & mask[:, None, :]) | tf.eye(length, dtype=tf.bool)
        blocked = tf.where(visible, 0.0, _BLOCKED)[:, None]
        for block in self._blocks:
            states = block(states, blocked, training=training)
        return self._norm(states)


class TransformerBlock(keras.layers.Layer):  # type: ignore[misc]
    """Attention and a feed-forward layer, each added to what came in."""

    def __init__(self, shape: ModelShape, name: str) -> None:
        super().__init__(name=name)
        self._heads = shape.heads
        self._size = shape.width // shape.heads
        self._attention_norm = keras.layers.LayerNormalization(epsilon=1e-6, name="attention_norm")
        self._feed_norm = keras.layers.LayerNormalization(epsilon=1e-6, name="feed_norm")
        self._projections = keras.layers.Dense(3 * self._heads * self._size, name="projections")
        self._joined = keras.layers.Dense(shape.width, name="joined")
        self._gated = shape.feed_forward == "gated"
        inner = 4 * shape.width // 3 if self._gated else 2 * shape.width
        activation = "swish" if self._gated else "relu"
        self._inner = keras.layers.Dense(inner, activation=activation, name="inner")
        if self._gated:
            self._gate = keras.layers.Dense(inner, name="gate")
        self._outer = keras.layers.Dense(shape.width, name="outer")
        self._dropout = keras.layers.Dropout(shape.dropout)

    def call(self, states: tf.Tensor, blocked: tf.Tensor, training: bool = False) -> tf.Tensor:
        """One block.

        Args:
            states: Shape (rows, length, width).
            blocked: Added to attention logits; shape (rows, 1, length, length).
            training: Whether units are dropped.

        Returns:
            Shape (rows, length, width).
        """
        attended = self._attend(self._attention_norm(states), blocked, training)
        states = states + self._dropout(attended, training=training)
        fed = self._outer(self._dropout(self._feed(self._feed_norm(states)), training=training))
        return states + self._dropout(fed, training=training)

    def _feed(self, states: tf.Tensor) -> tf.Tensor:
        """One hidden layer; gated, it is SwiGLU with two thirds of the units (Shazeer 2020)."""
        inner = self._inner(states)
        return inner * self._gate(states) if self._gated else inner

    def _attend(self, states: tf.Tensor, blocked: tf.Tensor, training: bool) -> tf.Tensor:
        rows, length = tf.shape(states)[0], tf.shape(states)[1]
        parts = tf.reshape(self._projections(states), (rows, length, 3, self._heads, self._size))
        queries, keys, values = tf.unstack(tf.transpose(parts, (2, 0, 3, 1, 4)), num=3)
        logits = tf.matmul(queries, keys, transpose_b=True) / self._size**0.5 + blocked
        weights = self._dropout(tf.nn.softmax(logits), training=training)
        mixed = tf.matmul(weights, values)
        flat = tf.reshape(tf.transpose(mixed, (0, 2, 1, 3)), (rows, length, -1))
        return self._joined(flat)
