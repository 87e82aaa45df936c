"""Sequences changed at random, so that one customer teaches more than one sequence.

Crop, mask and reorder as in CL4SRec (Xie et al. 2022, "Contrastive Learning for Sequential
Recommendation", section 3.2), but as plain augmentation: the last position's next item stays the
question, so what is cropped is the oldest part.
"""

import tensorflow as tf

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.vocabulary import PADDING, UNKNOWN
from insight.training.losses import Batch

LARGEST_CROP = 0.5
MASKED_SHARE = 0.2
REORDERED_SHARE = 0.25
"""Shares of a sequence's events: at most cropped, masked each by chance, and reordered."""


def augmented(batch: Batch, kinds: tuple[str, ...], share: float, seed: tf.Tensor) -> Batch:
    """The batch with a part of its sequences changed, each in one way.

    Args:
        batch: With ``SEQUENCE_INPUTS`` of shape (rows, length).
        kinds: Of ``crop``, ``mask`` and ``reorder``; each is as likely.
        share: Of the rows that are changed.
        seed: Two int64; the same seed changes the same rows in the same way.
    """
    sequences = {name: batch[name] for name in SEQUENCE_INPUTS}
    rows = tf.shape(sequences["item_indices"])[0]
    chance = tf.random.stateless_uniform((rows,), seed)
    for number, kind in enumerate(kinds):
        low, high = (share * (number + step) / len(kinds) for step in (0, 1))
        is_chosen = (chance >= low) & (chance < high)
        changed = _CHANGES[kind](sequences, seed + number + 1)
        sequences = {
            name: tf.where(is_chosen[:, None], changed[name], values)
            for name, values in sequences.items()
        }
    return {**batch, **sequences}


def _crop(sequences: Batch, seed: tf.Tensor) -> Batch:
    """Forgets the oldest events, up to half of them."""
    length, rows = _lengths(sequences), tf.shape(sequences["item_indices"])[0]
    lost = tf.random.stateless_uniform((rows, 1), seed, maxval=LARGEST_CROP) * length
    age = length - _places(sequences)
    kept = age <= length - tf.floor(lost)
    return {name: tf.where(kept, values, PADDING) for name, values in sequences.items()}


def _mask(sequences: Batch, seed: tf.Tensor) -> Batch:
    """Makes items unknown; when and how they were met stays."""
    items = sequences["item_indices"]
    is_masked = tf.random.stateless_uniform(tf.shape(items), seed) < MASKED_SHARE
    masked = tf.where(is_masked & (items != PADDING), tf.cast(UNKNOWN, items.dtype), items)
    return {**sequences, "item_indices": masked}


def _reorder(sequences: Batch, seed: tf.Tensor) -> Batch:
    """Shuffles a stretch of neighbouring events."""
    length, places = _lengths(sequences), _places(sequences)
    size = tf.maximum(tf.floor(REORDERED_SHARE * length), 2.0)
    rows = tf.shape(places)[0]
    free = tf.maximum(length - size, 0.0) + 1.0
    first = tf.floor(tf.random.stateless_uniform((rows, 1), seed) * free)
    in_stretch = (places >= first) & (places < first + size)
    drawn = first + size * tf.random.stateless_uniform(tf.shape(places), seed + 1)
    order = tf.argsort(tf.where(in_stretch, drawn, places), axis=1, stable=True)
    return {name: tf.gather(values, order, batch_dims=1) for name, values in sequences.items()}


_CHANGES = {"crop": _crop, "mask": _mask, "reorder": _reorder}


def _lengths(sequences: Batch) -> tf.Tensor:
    """Events of each row, shape (rows, 1)."""
    there = tf.cast(sequences["item_indices"] != PADDING, tf.float32)
    return tf.reduce_sum(there, axis=1, keepdims=True)


def _places(sequences: Batch) -> tf.Tensor:
    """The number of each event in its row, the first one 0; negative for padding."""
    longest = tf.shape(sequences["item_indices"])[1]
    from_left = tf.cast(tf.range(longest), tf.float32)[None]
    return from_left - (tf.cast(longest, tf.float32) - _lengths(sequences))
