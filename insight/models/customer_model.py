"""One encoder of a customer's events, and a head for each question."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tf_keras as keras

from insight.encoding.sequences import GAP_EDGES_SECONDS, SEQUENCE_INPUTS
from insight.encoding.tasks import CONTEXT_WIDTH, YES_NO_TASKS, read_by
from insight.encoding.vocabulary import PADDING
from insight.models.arrays import Floats, Indices
from insight.models.cnn import CnnEncoder
from insight.models.gru import GruEncoder
from insight.models.heads import ActionHead, YesNoHead
from insight.models.item_table import ItemTable
from insight.models.repeats import MentionWeights, gains_of_all
from insight.models.shape import ModelShape
from insight.models.transformer import TransformerEncoder

MODEL_INPUTS = (*SEQUENCE_INPUTS, "features", "campaign_context")
"""What a row needs to be predicted; labels come beside these."""

NEW_VISIT_SECONDS = 3600
_FIRST_NEW_VISIT_GAP = int(np.digitize(NEW_VISIT_SECONDS, GAP_EDGES_SECONDS)) + 1
_ENCODERS: dict[str, type[keras.layers.Layer]] = {
    "cnn": CnnEncoder,
    "gru": GruEncoder,
    "transformer": TransformerEncoder,
}


class Encoding(NamedTuple):
    """What the heads say of a batch, for its last positions.

    Args:
        queries: An item's score is its embedding times this; (rows, positions, width).
        repeats: Weights of the mentions of own items; (rows, positions, length).
        category_gains: What an item's score gains by its category;
            (rows, positions, category_count).
        yes_no: Logits of ``YES_NO_TASKS`` in two parts to be added up, wide and deep;
            (rows, tasks, 2).
        next_action: Logits of ``NEXT_ACTIONS``; (rows, actions).
    """

    queries: tf.Tensor
    repeats: tf.Tensor
    category_gains: tf.Tensor
    yes_no: tf.Tensor
    next_action: tf.Tensor


class CustomerModel(keras.Model):  # type: ignore[misc]
    """The whole model; built when made, so that its weights can be set at once."""

    def __init__(
        self, shape: ModelShape, category_of_item: Indices, vectors: Floats | None = None
    ) -> None:
        super().__init__(name="customer_model")
        self.shape = shape
        self.items = ItemTable(shape, category_of_item, vectors)
        self._types = _embedding(shape.type_count, shape.width, "types")
        self._gaps = _embedding(shape.gap_count, shape.width, "gaps")
        self._prices = _embedding(shape.price_count, shape.width, "prices")
        self._visits = _embedding(2, shape.width, "visits")
        self._norm = keras.layers.LayerNormalization(epsilon=1e-6, name="event_norm")
        self._dropout = keras.layers.Dropout(shape.dropout)
        self._encoder = _ENCODERS[shape.encoder](shape)
        # A transformer's states lie where its inputs lie: asked for as they are, they learn sooner.
        self._query = keras.layers.Dense(
            shape.width, kernel_initializer=keras.initializers.Identity(), name="query"
        )
        if shape.repeats:
            self._items_again = MentionWeights(
                shape, "items_again", things=shape.vocabulary_size, first_log_weight=1.0
            )
        self._categories_again = MentionWeights(
            shape, "categories_again", things=shape.category_count, first_log_weight=-2.0
        )
        self.yes_no = [YesNoHead(shape, task) for task in YES_NO_TASKS]
        self._next_action = ActionHead(shape)
        self(_one_row(shape))

    def call(
        self,
        inputs: dict[str, tf.Tensor],
        positions: int = 1,
        training: bool = False,
        all_heads_teach: bool = False,
    ) -> Encoding:
        """Encode a batch.

        Args:
            inputs: ``MODEL_INPUTS``: indices of shape (rows, length), ``features`` of shape
                (rows, feature_width), ``campaign_context`` of shape (rows, CONTEXT_WIDTH).
            positions: For how many of the last positions the next item is asked for; no more
                than the encoder reads.
            training: Whether units are dropped.
            all_heads_teach: Whether the gradients of all heads reach the encoder, and not those of
                the next item alone.
        """
        mask = inputs["item_indices"] != PADDING
        events = self._dropout(self._norm(self._embed(inputs)), training=training)
        read = self.shape.encoder_length
        states = self._encoder(events[:, -read:], mask[:, -read:], training=training)
        visits = new_visit_follows(inputs["gap_indices"])[:, -positions:]
        asked = states[:, -positions:] + self._visits(visits)
        repeats, category_gains = self._again(asked, events, {**inputs, "visits": visits})
        newest = states[:, -1] if all_heads_teach else tf.stop_gradient(states[:, -1])
        said = [
            head(features_of(task, inputs), newest, training=training)
            for task, head in zip(YES_NO_TASKS, self.yes_no, strict=True)
        ]
        return Encoding(
            queries=self._query(asked),
            repeats=repeats,
            category_gains=category_gains,
            yes_no=tf.stack(said, axis=1),
            next_action=self._next_action(inputs["features"], newest, training=training),
        )

    def _again(
        self, asked: tf.Tensor, events: tf.Tensor, inputs: dict[str, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        items = inputs["item_indices"]
        categories = self.items.categories(items)
        if self.shape.repeats:
            repeats = self._items_again(asked, events, items, inputs)
        else:
            repeats = tf.zeros((tf.shape(asked)[0], tf.shape(asked)[1], tf.shape(items)[1]))
        weights = self._categories_again(asked, events, categories, inputs)
        return repeats, gains_of_all(weights, categories, self.shape.category_count)

    def _embed(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        return (
            self.items(inputs["item_indices"])
            + self._types(inputs["type_indices"])
            + self._gaps(inputs["gap_indices"])
            + self._prices(inputs["price_indices"])
        )


def features_of(task: str, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
    """What a yes-or-no head reads, side by side; shape (rows, width)."""
    return tf.concat([inputs[name] for name in read_by(task)], axis=1)


def new_visit_follows(gaps: tf.Tensor) -> tf.Tensor:
    """Whether the event after each position begins a new visit: 1 or 0.

    After the last position it always does: scoring asks at the end of a day for what comes
    later. Inside the sequence most next items belong to the same basket, which is another
    question; told apart, both teach the item table.

    Args:
        gaps: Gap buckets, shape (rows, length).

    Returns:
        int64 of the same shape.
    """
    follows = tf.cast(gaps[:, 1:] >= _FIRST_NEW_VISIT_GAP, tf.int64)
    return tf.concat([follows, tf.ones_like(gaps[:, :1])], axis=1)


def _embedding(count: int, width: int, name: str) -> keras.layers.Embedding:
    # What is added to the item begins as nothing, so that the item is heard from the start.
    return keras.layers.Embedding(count, width, embeddings_initializer="zeros", name=name)


def _one_row(shape: ModelShape) -> dict[str, tf.Tensor]:
    row = {name: tf.zeros((1, shape.sequence_length), tf.int64) for name in SEQUENCE_INPUTS}
    context = tf.zeros((1, CONTEXT_WIDTH))
    return row | {"features": tf.zeros((1, shape.feature_width)), "campaign_context": context}
