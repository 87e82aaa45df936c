"""Draws items to compare the wanted one with."""

import numpy as np
import tensorflow as tf

from insight.encoding.vocabulary import FIRST_KNOWN
from insight.models.arrays import Indices
from insight.training.losses import Negatives

DAMPING = 0.75
"""Power of an item's count: between uniform (0) and popularity (1), as word2vec draws."""


class NegativeSampler:
    """Draws by damped popularity, the same for the whole batch.

    Args:
        counts: Events of every item index, shape (vocabulary_size,). Padding and unknown are
            never drawn.
        draws: Items per batch.
        seed: Differs from rank to rank, so that ranks see different items.
    """

    def __init__(self, counts: Indices, *, draws: int, seed: int) -> None:
        shares = np.power(counts.astype(np.float64) + 1.0, DAMPING)
        shares[:FIRST_KNOWN] = 0.0
        shares /= shares.sum()
        self._bounds = tf.constant(np.cumsum(shares), tf.float64)
        self._log_expected = tf.constant(
            np.log(np.maximum(shares, np.finfo(np.float64).tiny) * draws), tf.float32
        )
        self._draws = draws
        self._seed = seed

    def draw(self, step: tf.Tensor) -> Negatives:
        """The draws of one step; the same step gives the same draws."""
        seed = tf.stack([tf.constant(self._seed, tf.int64), tf.cast(step, tf.int64)])
        uniform = tf.random.stateless_uniform((self._draws,), seed, dtype=tf.float64)
        items = tf.searchsorted(self._bounds, uniform, side="right", out_type=tf.int64)
        items = tf.minimum(items, self._bounds.shape[0] - 1)
        return Negatives(items, tf.gather(self._log_expected, items))
