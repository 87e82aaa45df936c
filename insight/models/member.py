"""One trained encoder with what makes probabilities of its logits."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import YES_NO_TASKS
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
        yes_no: Calibrated probability of each of ``YES_NO_TASKS``, shape (n, tasks); not a number
            where the model never had a label of it.
        next_action: Calibrated probability of each of ``NEXT_ACTIONS``, shape (n, actions).
        queries: For ranking, shape (n, width).
        repeats: For ranking, shape (n, length).
        category_gains: For ranking, shape (n, category_count).
    """

    yes_no: Floats
    next_action: Floats
    queries: Floats
    repeats: Floats
    category_gains: Floats


class Member:
    """An encoder, ready to predict. Thread-safe once made.

    Args:
        model: With its weights.
        scales: Calibration of the heads by name.
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
        inputs["campaign_context"] = rows
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
        yes_no = [
            self._chances(task, logits)
            for task, logits in zip(YES_NO_TASKS, said.yes_no.numpy().swapaxes(0, 1), strict=True)
        ]
        sharpness = self._scales["next_action"].slopes[0] if "next_action" in self._scales else 1.0
        return Encoded(
            np.stack(yes_no, axis=1),
            softmax(said.next_action.numpy() * np.float32(sharpness), axis=1),
            said.queries[:, 0].numpy(),
            said.repeats[:, 0].numpy(),
            said.category_gains[:, 0].numpy(),
        )

    def _chances(self, task: str, logits: Array) -> Floats:
        if task not in self._scales:
            return np.full(len(logits), np.nan, np.float32)
        return self._scales[task].probabilities(logits)
