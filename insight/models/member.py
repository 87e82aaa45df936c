"""One trained encoder with what makes probabilities of its logits."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy import sparse
from scipy.special import softmax

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import YES_NO_TASKS
from insight.encoding.vocabulary import Vocabulary
from insight.models.arrays import Array, Floats, Indices
from insight.models.blend import Blend
from insight.models.calibration import LogitScale, load_calibration
from insight.models.customer_model import MODEL_INPUTS, CustomerModel, Encoding
from insight.models.shape import ModelShape
from insight.models.top_items import Asked, ItemScores, marked, own_gains
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


class Owned(NamedTuple):
    """What a block of n customers had.

    Args:
        items: Item indices, shape (n, length).
        strengths: What these call for by what was counted, sparse, shape (n, vocabulary).
        excluded: Nonzero where an item is left out, sparse, shape (n, vocabulary).
        seen: Of the items, those that a model without repeats never recommends, shape (n, length).
    """

    items: Indices
    strengths: sparse.csr_matrix | None
    excluded: sparse.csr_matrix
    seen: Indices


class Member:
    """An encoder, ready to predict. Thread-safe once made.

    Args:
        model: With its weights.
        scales: Calibration of the heads by name.
        blend: How much it listens to co-occurrence.
    """

    def __init__(self, model: CustomerModel, scales: dict[str, LogitScale], blend: Blend) -> None:
        self.shape, self.blend, self._scales = model.shape, blend, scales
        self._items = ItemScores.of(model.items.whole())

        def encode(inputs: dict[str, tf.Tensor]) -> Encoding:
            said: Encoding = model(inputs, training=False)
            return said

        # One graph for batches of any size: tracing takes longer than scoring a small one.
        rows, lists = tf.TensorSpec((None, None)), tf.TensorSpec((None, None), tf.int64)
        inputs = {**dict.fromkeys(SEQUENCE_INPUTS, lists), "features": rows}
        inputs["campaign_context"] = rows
        self._encode = tf.function(encode, input_signature=[inputs], autograph=False)

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

    def fill(
        self, scores: Floats, encoded: Encoded, own: Owned, largest: Floats | None = None
    ) -> None:
        """Write the logits of the whole catalogue for a block of customers.

        Args:
            scores: Written, shape (vocabulary, n).
            encoded: Of the block.
            own: What the customers had, what it calls for, what to leave out.
            largest: As in ``ItemScores.fill``.
        """
        size = self.shape.vocabulary_size
        gains, excluded = sparse.csr_matrix(own.excluded.shape, dtype=np.float32), own.excluded
        if self.shape.repeats:
            gains = own_gains(encoded.repeats, own.items, size)
        else:
            excluded = excluded + marked(own.seen, size)
        if own.strengths is not None and self.blend.weight:
            gains = gains + self.blend.gains(own.strengths)
        asked = Asked(encoded.queries, encoded.category_gains, gains, excluded)
        self._items.fill(scores, asked, largest)

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
