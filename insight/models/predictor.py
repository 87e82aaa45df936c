"""A model version, ready to predict."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from insight.encoding.vocabulary import Vocabulary
from insight.models.arrays import Array, Floats, Indices
from insight.models.calibration import LogitScale, load_calibration
from insight.models.customer_model import MODEL_INPUTS, CustomerModel
from insight.models.item_table import Catalogue
from insight.models.ranking import Wishes, score_all_items, without
from insight.models.shape import ModelShape
from insight.models.weight_file import load_weights
from insight.models.weights import set_weights

BLOCK_CELLS = 16_000_000
"""Item scores held in memory at once: 64 MB."""


@dataclass(frozen=True)
class Predictions:
    """What the model says of n customers.

    Args:
        purchase: Calibrated probability of a purchase within the horizon, shape (n,).
        churn: Calibrated probability of no purchase within the horizon, shape (n,).
        queries: For ranking, shape (n, width).
        repeats: For ranking, shape (n, length).
        category_gains: For ranking, shape (n, category_count).
        item_indices: The customers' own items, shape (n, length).
    """

    purchase: Floats
    churn: Floats
    queries: Floats
    repeats: Floats
    category_gains: Floats
    item_indices: Indices

    def __len__(self) -> int:
        return len(self.purchase)


class Predictor:
    """Predicts with one model version. Thread-safe once made."""

    def __init__(self, model: CustomerModel, scales: dict[str, LogitScale]) -> None:
        self._model = model
        self._scales = scales
        catalogue = Catalogue(*(tf.constant(part) for part in model.items.whole()))
        self._encode = tf.function(
            lambda inputs: model(inputs, training=False), reduce_retracing=True
        )
        self._score = tf.function(
            lambda *wishes: score_all_items(
                Wishes(*wishes), catalogue, repeats=model.shape.repeats
            ),
            reduce_retracing=True,
        )

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """Build the architecture from code and set the weights from ``weights.npz``.

        The folder must have been verified against its manifest (``Registry.verify``).

        Raises:
            ModelDamagedError: Shape or weights do not fit this code.
        """
        shape = ModelShape.load(folder)
        model = CustomerModel(shape, Vocabulary.load(folder).category_of_item)
        set_weights(model, load_weights(folder))
        return cls(model, load_calibration(folder))

    @property
    def shape(self) -> ModelShape:
        return self._model.shape

    def predict(self, inputs: dict[str, Array], *, batch: int = 1024) -> Predictions:
        """Encode customers, in batches.

        Args:
            inputs: ``MODEL_INPUTS``: int64 indices of shape (n, length), float32 ``features`` of
                shape (n, feature_width). Other names are ignored.
            batch: Customers encoded at once.
        """
        count = len(inputs["features"])
        if count == 0:
            return self._of_nobody()
        starts = range(0, count, batch)
        parts = [self._encode_rows(inputs, slice(start, start + batch)) for start in starts]
        queries, repeats, category_gains, purchase, churn = map(
            np.concatenate, zip(*parts, strict=True)
        )
        return Predictions(
            purchase=self._scales["purchase"].probabilities(purchase),
            churn=self._scales["churn"].probabilities(churn),
            queries=queries,
            repeats=repeats,
            category_gains=category_gains,
            item_indices=np.asarray(inputs["item_indices"], dtype=np.int64),
        )

    def item_scores(self, predictions: Predictions, rows: slice = slice(None)) -> Floats:
        """Logits of the whole catalogue for a block of customers.

        Returns:
            Shape (customers in the block, vocabulary); -1e9 for padding and unknown.
        """
        return np.asarray(self._scores_of(predictions, rows))

    def top_items(
        self, predictions: Predictions, k: int, *, seen: Indices | None = None
    ) -> tuple[Indices, Floats]:
        """The k best items of each customer, of the whole catalogue, exactly.

        Args:
            predictions: From ``predict``.
            k: Length of the lists; no more than there are items to recommend.
            seen: Items to leave out for each customer, padded with 0, shape (n, any). Without
                it, items that a customer already had may come again.

        Returns:
            Item indices and their logits, best first, ties by index; both of shape (n, k).
        """
        k = min(k, self.shape.vocabulary_size)
        indices = np.zeros((len(predictions), k), dtype=np.int64)
        scores = np.zeros((len(predictions), k), dtype=np.float32)
        for rows in self._blocks(len(predictions)):
            block = self._scores_of(predictions, rows)
            if seen is not None and seen.shape[1]:
                block = without(block, tf.constant(seen[rows], tf.int64))
            best = tf.math.top_k(block, k)
            indices[rows], scores[rows] = best.indices.numpy(), best.values.numpy()
        return indices, scores

    def _of_nobody(self) -> Predictions:
        none = np.zeros(0, np.float32)
        length = self.shape.sequence_length
        return Predictions(
            purchase=none,
            churn=none,
            queries=np.zeros((0, self.shape.width), np.float32),
            repeats=np.zeros((0, length), np.float32),
            category_gains=np.zeros((0, self.shape.category_count), np.float32),
            item_indices=np.zeros((0, length), np.int64),
        )

    def _encode_rows(self, inputs: dict[str, Array], rows: slice) -> tuple[Array, ...]:
        encoded = self._encode({name: tf.constant(inputs[name][rows]) for name in MODEL_INPUTS})
        return (
            encoded.queries[:, 0].numpy(),
            encoded.repeats[:, 0].numpy(),
            encoded.category_gains[:, 0].numpy(),
            encoded.purchase.numpy(),
            encoded.churn.numpy(),
        )

    def _scores_of(self, predictions: Predictions, rows: slice) -> tf.Tensor:
        return self._score(
            tf.constant(predictions.queries[rows]),
            tf.constant(predictions.repeats[rows]),
            tf.constant(predictions.category_gains[rows]),
            tf.constant(predictions.item_indices[rows]),
        )

    def _blocks(self, count: int) -> Iterator[slice]:
        size = max(1, BLOCK_CELLS // self.shape.vocabulary_size)
        for start in range(0, count, size):
            yield slice(start, start + size)
