"""A model version, ready to predict: one encoder or several, and what was counted beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from insight.encoding.tasks import NEXT_ACTIONS, YES_NO_TASKS
from insight.encoding.vocabulary import Vocabulary
from insight.models.arrays import NEVER, Array, Floats, Indices
from insight.models.cooccurrence import CoOccurrence
from insight.models.item_vectors import load_vectors_or_none
from insight.models.member import Encoded, Member
from insight.models.ranking import without
from insight.models.shape import ModelShape, member_folders

BLOCK_CELLS = 16_000_000
"""Item scores held in memory at once: 64 MB."""


@dataclass(frozen=True)
class Predictions:
    """What the model says of n customers.

    Args:
        yes_no: By task of ``YES_NO_TASKS`` its calibrated probability, shape (n,); not a number
            where the model never had a label of it.
        next_action: Calibrated probability of each of ``NEXT_ACTIONS``, shape (n, actions).
        members: For ranking, what each member says.
        item_indices: The customers' own items, shape (n, length).
    """

    yes_no: dict[str, Floats]
    next_action: Floats
    members: tuple[Encoded, ...]
    item_indices: Indices

    def __len__(self) -> int:
        return len(self.item_indices)


class Predictor:
    """Predicts with one model version. Thread-safe once made.

    Several members are averaged where they are comparable: calibrated probabilities of the
    yes-or-no tasks, and probabilities of the next item over the whole catalogue.
    """

    def __init__(self, members: Sequence[Member], counted: CoOccurrence | None = None) -> None:
        self._members = tuple(members)
        self._counted = counted

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """Build the architectures from code and set the weights from the files.

        The folder must have been verified against its manifest (``Registry.verify``).

        Raises:
            ModelDamagedError: Shape or weights do not fit this code, or there are none.
        """
        vocabulary = Vocabulary.load(folder)
        vectors = load_vectors_or_none(folder)
        members = [Member.load(each, vocabulary, vectors) for each in member_folders(folder)]
        return cls(members, CoOccurrence.load_or_none(folder))

    @property
    def shape(self) -> ModelShape:
        """The first member's; all read the same inputs."""
        return self._members[0].shape

    def predict(self, inputs: dict[str, Array], *, batch: int = 1024) -> Predictions:
        """Encode customers, in batches.

        Args:
            inputs: ``MODEL_INPUTS``: int64 indices of shape (n, length), float32 ``features`` of
                shape (n, feature_width) and ``campaign_context`` of shape (n, CONTEXT_WIDTH).
                Other names are ignored.
            batch: Customers encoded at once.
        """
        own = np.asarray(inputs["item_indices"], dtype=np.int64)
        if len(own) == 0:
            nobody = np.zeros((0, len(NEXT_ACTIONS)), np.float32)
            return Predictions(dict.fromkeys(YES_NO_TASKS, nobody[:, 0]), nobody, (), own)
        said = tuple(member.encode(inputs, batch=batch) for member in self._members)
        yes_no = np.mean([each.yes_no for each in said], axis=0)
        next_action = np.mean([each.next_action for each in said], axis=0)
        return Predictions(dict(zip(YES_NO_TASKS, yes_no.T, strict=True)), next_action, said, own)

    def item_scores(self, predictions: Predictions, rows: slice = slice(None)) -> Floats:
        """Logits of the whole catalogue for a block of customers.

        Returns:
            Shape (customers in the block, vocabulary); -1e9 for padding and unknown, and for own
            items where the model was trained never to recommend them.
        """
        parts = [
            self._blended(member, said, predictions.item_indices, rows)
            for member, said in zip(self._members, predictions.members, strict=True)
        ]
        if len(parts) == 1:
            return parts[0]
        chances = np.mean([np.asarray(tf.nn.softmax(part)) for part in parts], axis=0)
        # What is never recommended has no chance with any member.
        possible = parts[0] > NEVER / 2
        smallest = np.finfo(np.float32).tiny
        return np.where(possible, np.log(np.maximum(chances, smallest)), np.float32(NEVER))

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
            block = tf.constant(self.item_scores(predictions, rows))
            if seen is not None and seen.shape[1]:
                block = without(block, tf.constant(seen[rows], tf.int64))
            best = tf.math.top_k(block, k)
            indices[rows], scores[rows] = best.indices.numpy(), best.values.numpy()
        return indices, scores

    def _blended(self, member: Member, said: Encoded, items: Indices, rows: slice) -> Floats:
        logits = member.logits(said, items, rows)
        if self._counted is None or not member.blend.weight:
            return logits
        return member.blend.logits(logits, self._counted.strengths(items[rows]))

    def _blocks(self, count: int) -> Iterator[slice]:
        size = max(1, BLOCK_CELLS // self.shape.vocabulary_size)
        for start in range(0, count, size):
            yield slice(start, start + size)
