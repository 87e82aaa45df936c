"""Scores of every item for every customer of a block, in a graph: for training's validation.

``top_items`` does the same in plain arrays, for whoever only wants the best.
"""

from typing import NamedTuple

import tensorflow as tf

from insight.models.arrays import NEVER
from insight.models.item_table import Catalogue
from insight.models.repeats import gains_of_own


class Wishes(NamedTuple):
    """What a block of customers wants at the last position.

    Args:
        queries: Shape (rows, width).
        repeats: Weights of the mentions of own items, shape (rows, length).
        category_gains: Shape (rows, category_count).
        items: The customers' own items with ``repeats``, else the seen ones; (rows, length).
    """

    queries: tf.Tensor
    repeats: tf.Tensor
    category_gains: tf.Tensor
    items: tf.Tensor


def score_all_items(wishes: Wishes, catalogue: Catalogue, *, repeats: bool) -> tf.Tensor:
    """Scores over the whole catalogue.

    Args:
        wishes: What the customers want.
        catalogue: The items.
        repeats: Whether they may want again what they have had.

    Returns:
        Logits of shape (rows, vocabulary); ``NEVER`` for padding and unknown, and without
        ``repeats`` for the customers' seen items.
    """
    scores = tf.matmul(wishes.queries, catalogue.embeddings, transpose_b=True) + catalogue.biases
    # By rows of categories, not of customers: whole rows are copied, not single numbers.
    gains = tf.gather(tf.transpose(wishes.category_gains), catalogue.categories)
    scores += tf.transpose(gains)
    return _with_gains_of_own(scores, wishes) if repeats else without(scores, wishes.items)


def without(scores: tf.Tensor, excluded: tf.Tensor) -> tf.Tensor:
    """The same scores, ``NEVER`` at the excluded indices of each row.

    Args:
        scores: Shape (rows, vocabulary).
        excluded: Item indices, any number per row, padded with 0; shape (rows, any).
    """
    places = tf.reshape(_places(excluded), (-1, 2))
    return tf.tensor_scatter_nd_update(scores, places, tf.fill(tf.shape(places)[:1], NEVER))


def _with_gains_of_own(scores: tf.Tensor, wishes: Wishes) -> tf.Tensor:
    places = _places(wishes.items)
    gained = gains_of_own(wishes.repeats[:, None], wishes.items)[:, 0]
    # Set, not added: an item gains the same at each of its mentions, and must gain it once.
    return tf.tensor_scatter_nd_update(scores, places, tf.gather_nd(scores, places) + gained)


def _places(items: tf.Tensor) -> tf.Tensor:
    """Row and index of each item, for scattering; shape (rows, any, 2)."""
    rows = tf.range(tf.shape(items)[0], dtype=tf.int64)[:, None]
    return tf.stack([tf.broadcast_to(rows, tf.shape(items)), items], axis=2)
