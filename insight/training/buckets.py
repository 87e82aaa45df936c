"""Rows of like length in one batch, cut to its longest: padding is not computed.

Sequences are padded to one length in the table, and most customers fill a small part of it. A
window of rows is sorted by length and dealt into batches, which come in random order (batching
by length as in Vaswani et al. 2017, section 5.1).
"""

import tensorflow as tf

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.vocabulary import PADDING

WINDOW_BATCHES = 16
"""Batches whose rows are sorted together; within a window a row's batch hangs on its length."""

Batch = dict[str, tf.Tensor]


def by_length(
    rows: tf.data.Dataset, *, batch_size: int, most_rows: int, seed: int | None = None
) -> tf.data.Dataset:
    """Batches of rows of like length, without the padding that all rows of one share.

    Args:
        rows: Batches of any size.
        batch_size: Rows per batch; only the last one of all may have less.
        most_rows: What comes after so many rows is left out.
        seed: Of the order of batches within a window. Without it the shortest come first.
    """
    size = batch_size * WINDOW_BATCHES
    windows = rows.rebatch(size).take(-(-most_rows // size)).enumerate()

    def dealt(number: tf.Tensor, window: Batch) -> tf.data.Dataset:
        order = tf.argsort(_lengths(window)[: most_rows - number * size], stable=True)
        starts = tf.range(0, tf.size(order), batch_size)
        if seed is not None:
            seeds = tf.stack([tf.constant(seed, tf.int64), number])
            starts = tf.random.experimental.stateless_shuffle(starts, seeds)

        def batch_from(start: tf.Tensor) -> Batch:
            members = order[start : start + batch_size]
            return {name: tf.gather(values, members) for name, values in window.items()}

        return tf.data.Dataset.from_tensor_slices(starts).map(batch_from)

    return windows.flat_map(dealt).map(without_shared_padding)


def without_shared_padding(batch: Batch) -> Batch:
    """The batch with its sequences cut, on the left, to its longest one (at least one event)."""
    longest = tf.maximum(tf.reduce_max(_lengths(batch)), 1)
    return {
        name: values[:, -longest:] if name in SEQUENCE_INPUTS else values
        for name, values in batch.items()
    }


def _lengths(batch: Batch) -> tf.Tensor:
    there = tf.cast(batch["item_indices"] != PADDING, tf.int32)
    return tf.reduce_sum(there, axis=1)
