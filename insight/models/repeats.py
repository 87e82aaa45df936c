"""The wish for what one had before, as a term added to the score of a customer's own items.

In groceries most next items are repeats, and simple counts of them beat deep models (TIFU-KNN,
Hu et al. 2020). RepeatNet (Ren et al. 2019) mixes a repeat and an explore mode; here both are one
softmax: an item's score gains ``log(1 + sum of the weights of its mentions)``, which is 0 for an
item never had, and the same again for its category. The weights are learned from age, event
type, the item or category, and the customer's state.
"""

import tensorflow as tf
import tf_keras as keras

from insight.encoding.sequences import ANY_EVENT, seen_types
from insight.encoding.vocabulary import FIRST_KNOWN, PADDING
from insight.models.shape import ModelShape

_LARGEST_LOG_WEIGHT = 10.0

Inputs = dict[str, tf.Tensor]


class MentionWeights(keras.layers.Layer):  # type: ignore[misc]
    """How strongly each mention of a thing calls for that thing again.

    Args:
        shape: The model's shape.
        name: Of the layer.
        things: How many things there are: items, or categories.
        first_log_weight: What the log of every weight starts from.
    """

    def __init__(
        self, shape: ModelShape, name: str, *, things: int, first_log_weight: float
    ) -> None:
        super().__init__(name=name)
        self._size = shape.width // 2
        self._queries = keras.layers.Dense(self._size, use_bias=False, name="queries")
        self._keys = keras.layers.Dense(self._size, use_bias=False, name="keys")
        start = keras.initializers.Constant(first_log_weight)
        self._ages = self.add_weight(
            name="ages", shape=(2, shape.sequence_length), initializer=start
        )
        self._types = self.add_weight(name="types", shape=(shape.type_count,), initializer="zeros")
        self._things = self.add_weight(name=f"{name}_things", shape=(things,), initializer="zeros")

    def call(
        self, asked: tf.Tensor, events: tf.Tensor, things: tf.Tensor, inputs: Inputs
    ) -> tf.Tensor:
        """Weights of the events up to each of the last positions.

        Args:
            asked: The customer's state at the last positions, shape (rows, positions, width).
            events: Embedded events, shape (rows, length, width).
            things: What each event mentions, shape (rows, length).
            inputs: ``type_indices`` of shape (rows, length), and ``visits``: 1 where a new
                visit follows the position, else 0; (rows, positions).

        Returns:
            Zero or more, shape (rows, positions, length); zero for padding, for unknown things
            and for what comes after the position.
        """
        places = last_places(events, tf.shape(asked)[1])
        ages = places[:, None] - tf.range(tf.shape(events)[1])[None]
        by_age = tf.gather(self._ages, tf.maximum(ages, 0), axis=1)
        chosen = tf.einsum("bpv,vpj->bpj", tf.one_hot(inputs["visits"], 2), by_age)
        content = tf.matmul(self._queries(asked), self._keys(events), transpose_b=True)
        of_event = tf.gather(self._types, inputs["type_indices"]) + tf.gather(self._things, things)
        log_weights = chosen + content / self._size**0.5 + of_event[:, None]
        usable = (ages >= 0)[None] & (things >= FIRST_KNOWN)[:, None]
        return tf.where(usable, tf.exp(tf.minimum(log_weights, _LARGEST_LOG_WEIGHT)), 0.0)


def seen_of(shape: ModelShape, inputs: Inputs) -> tf.Tensor:
    """Items that are not recommended again if the model has no repeats; shape (rows, length)."""
    items = inputs["item_indices"]
    if set(shape.seen_by) >= set(ANY_EVENT):
        return items
    is_seen = tf.gather(tf.constant(seen_types(shape.seen_by)), inputs["type_indices"])
    return tf.where(is_seen, items, tf.cast(PADDING, items.dtype))


def last_places(sequence: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """Places of the last positions in a sequence (rows, length, ...); shape (positions,)."""
    length = tf.shape(sequence)[1]
    return tf.range(length - positions, length)


def gains_of_wanted(weights: tf.Tensor, things: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """What mentions add to the score of one wanted thing per position.

    Args:
        weights: From ``MentionWeights``, shape (rows, positions, length).
        things: What each event mentions, shape (rows, length).
        wanted: Shape (rows, positions).

    Returns:
        Shape (rows, positions).
    """
    matches = tf.cast(things[:, None] == wanted[:, :, None], weights.dtype)
    return tf.math.log1p(tf.reduce_sum(weights * matches, axis=2))


def gains_of_own(weights: tf.Tensor, things: tf.Tensor) -> tf.Tensor:
    """What mentions add to the score of each thing of the sequence.

    Returns:
        Shape (rows, positions, length); a thing mentioned often has the same gain at each mention.
    """
    same = tf.cast(things[:, :, None] == things[:, None], weights.dtype)
    return tf.math.log1p(tf.matmul(weights, same))


def gains_of_all(weights: tf.Tensor, things: tf.Tensor, count: int) -> tf.Tensor:
    """What mentions add to the score of every thing there is; for few things, as categories are.

    A segment sum, whose memory is that of the result: multiplied by one-hot mentions, the same
    sums need (rows, length, count) numbers beside it, for each of which a mention is a zero.

    Args:
        weights: From ``MentionWeights``, shape (rows, positions, length).
        things: What each event mentions, shape (rows, length); below 0 or from ``count`` on, it
            is nothing.
        count: How many things there are.

    Returns:
        Shape (rows, positions, count).
    """
    rows, positions = tf.shape(weights)[0], tf.shape(weights)[1]
    # Each row has segments of its own; a negative one is left out of every sum.
    first = tf.range(rows, dtype=things.dtype)[:, None] * count
    segments = tf.where((things >= 0) & (things < count), first + things, -1)
    mentions = tf.reshape(tf.transpose(weights, (0, 2, 1)), (-1, positions))
    sums = tf.math.unsorted_segment_sum(mentions, tf.reshape(segments, (-1,)), rows * count)
    by_thing = tf.transpose(tf.reshape(sums, (rows, count, positions)), (0, 2, 1))
    return tf.math.log1p(tf.ensure_shape(by_thing, (*weights.shape[:2], count)))


def newest_mentions(items: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Marks each known item once per place: at its newest mention up to the place.

    Args:
        items: Item indices, shape (rows, length).
        places: Places in the sequence, shape (positions,).

    Returns:
        Booleans of shape (rows, positions, length).
    """
    all_places = tf.range(tf.shape(items)[1])
    later = (all_places[None] > all_places[:, None])[None]
    later_same = (items[:, :, None] == items[:, None]) & later
    next_mention = tf.reduce_min(
        tf.where(later_same, all_places[None, None], tf.shape(items)[1]), axis=2
    )
    now = places[None, :, None]
    newest = (all_places[None, None] <= now) & (next_mention[:, None] > now)
    return newest & (items >= FIRST_KNOWN)[:, None]
