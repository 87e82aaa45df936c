"""One trained encoder with what makes probabilities of its logits."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.vocabulary import Vocabulary
from insight.models.arrays import Array, Floats
from insight.models.blend import Blend
from insight.models.calibration import LogitScale, load_calibration
from insight.models.customer_model import MODEL_INPUTS, CustomerModel, Encoding
from insight.models.item_table import Catalogue
from insight.models.ranking import Wishes, score_all_items
from insight.models.shape import ModelShape
from insight.models.weight_file import load_weights
from insight.models.weights import set_weights


class Encoded(NamedTuple):
    """What a member says of n customers.

    Args:
        purchase: Calibrated probability of a purchase within the horizon, shape (n,).
        churn: Calibrated probability of no purchase within the horizon, shape (n,).
        queries: For ranking, shape (n, width).
        repeats: For ranking, shape (n, length).
        category_gains: For ranking, shape (n, category_count).
    """

    purchase: Floats
    churn: Floats
    queries: Floats
    repeats: Floats
    category_gains: Floats


class Member:
    """An encoder, ready to predict. Thread-safe once made.

    Args:
        model: With its weights.
        scales: Calibration of the yes-or-no heads.
        blend: How much it listens to co-occurrence.
    """

    def __init__(self, model: CustomerModel, scales: dict[str, LogitScale], blend: Blend) -> None:
        self.shape, self.blend, self._scales = model.shape, blend, scales
        catalogue = Catalogue(*(tf.constant(part) for part in model.items.whole()))

        def score(*wishes: tf.Tensor) -> tf.Tensor:
            return score_all_items(Wishes(*wishes), catalogue, repeats=model.shape.repeats)

        def encode(inputs: dict[str, tf.Tensor]) -> Encoding:
            said: Encoding = model(inputs, training=False)
            return said

        # One graph for batches of any size: tracing takes longer than scoring a small one.
        rows, lists = tf.TensorSpec((None, None)), tf.TensorSpec((None, None), tf.int64)
        inputs = {**dict.fromkeys(SEQUENCE_INPUTS, lists), "features": rows}
        self._encode = tf.function(encode, input_signature=[inputs])
        self._score = tf.function(score, input_signature=[rows, rows, rows, lists])

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary, vectors: Floats | None = None) -> "Member":
        """Build the architecture from code and set the weights from ``weights.npz``.

        Args:
            folder: Of the member.
            vocabulary: Of the version.
            vectors: Of the version's items, where it keeps any.

        Raises:
            ModelDamagedError: Shape, weights or vectors do not fit this code.
        """
        model = CustomerModel(ModelShape.load(folder), vocabulary.category_of_item, vectors)
        set_weights(model, load_weights(folder))
        return cls(model, load_calibration(folder), Blend.load(folder))

    def encode(self, inputs: dict[str, Array], *, batch: int) -> Encoded:
        """Encode customers (one at least), in batches; inputs as for ``Predictor.predict``."""
        starts = range(0, len(inputs["features"]), batch)
        parts = [self._encoded(inputs, slice(start, start + batch)) for start in starts]
        return Encoded(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def logits(self, encoded: Encoded, items: Array, rows: slice) -> Floats:
        """Of the whole catalogue for a block of customers, shape (block, vocabulary)."""
        wishes = (*(part[rows] for part in encoded[2:]), items[rows])
        return np.asarray(self._score(*map(tf.constant, wishes)))

    def _encoded(self, inputs: dict[str, Array], rows: slice) -> Encoded:
        said = self._encode({name: tf.constant(inputs[name][rows]) for name in MODEL_INPUTS})
        return Encoded(
            self._scales["purchase"].probabilities(said.purchase.numpy()),
            self._scales["churn"].probabilities(said.churn.numpy()),
            said.queries[:, 0].numpy(),
            said.repeats[:, 0].numpy(),
            said.category_gains[:, 0].numpy(),
        )
