"""A model version, ready to predict: one encoder or several, and what was counted beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import softmax

from insight.encoding.sequences import seen_items
from insight.encoding.tasks import NEXT_ACTIONS, YES_NO_TASKS
from insight.encoding.vocabulary import Vocabulary
from insight.models.arrays import NEVER, Array, Floats, Indices
from insight.models.cooccurrence import CoOccurrence
from insight.models.item_vectors import load_vectors_or_none
from insight.models.member import Encoded, Member, Owned
from insight.models.shape import ModelShape, member_folders
from insight.models.top_items import CHUNK, best_of, marked, write_largest

BLOCK_CELLS = 16_000_000
"""Item scores held in memory at once: 64 MB."""
MOST_CUSTOMERS = 256
"""Scored at once: enough for products to be fast, so few that a block of items stays in cache."""


@dataclass(frozen=True)
class Predictions:
    """What the model says of n customers.

    Args:
        yes_no: By task of ``YES_NO_TASKS`` its calibrated probability, shape (n,); not a number
            where the model never had a label of it.
        next_action: Calibrated probability of each of ``NEXT_ACTIONS``, shape (n, actions).
        members: For ranking, what each member says.
        item_indices: The customers' own items, shape (n, length).
        seen_indices: Of these, what a model without repeats never recommends, shape (n, length).
    """

    yes_no: dict[str, Floats]
    next_action: Floats
    members: tuple[Encoded, ...]
    item_indices: Indices
    seen_indices: Indices

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
            return Predictions(dict.fromkeys(YES_NO_TASKS, nobody[:, 0]), nobody, (), own, own)
        said = tuple(member.encode(inputs, batch=batch) for member in self._members)
        yes_no = np.mean([each.yes_no for each in said], axis=0)
        next_action = np.mean([each.next_action for each in said], axis=0)
        seen = seen_items(own, np.asarray(inputs["type_indices"]), self.shape.seen_by)
        by_task = dict(zip(YES_NO_TASKS, yes_no.T, strict=True))
        return Predictions(by_task, next_action, said, own, seen)

    def item_scores(self, predictions: Predictions, rows: slice = slice(None)) -> Floats:
        """Logits of the whole catalogue for a block of customers.

        Returns:
            Shape (customers in the block, vocabulary); -1e9 for padding and unknown, and for seen
            items where the model was trained never to recommend them.
        """
        items = predictions.item_indices[rows]
        scores = np.empty((self.shape.vocabulary_size, len(items)), np.float32)
        self._fill(scores, predictions, rows, np.zeros((len(items), 0), np.int64))
        return np.ascontiguousarray(scores.T)

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
        excluded = np.zeros((len(predictions), 0), np.int64) if seen is None else seen
        indices = np.zeros((len(predictions), k), dtype=np.int64)
        found = np.zeros((len(predictions), k), dtype=np.float32)
        size, most = self.shape.vocabulary_size, min(len(predictions), MOST_CUSTOMERS)
        # One place for all blocks: memory that is used again need not be fetched anew.
        place = np.empty(size * most, np.float32)
        for rows in self._blocks(len(predictions)):
            count = len(excluded[rows])
            block = place[: size * count].reshape(size, count)
            largest = self._fill(block, predictions, rows, excluded[rows])
            indices[rows], found[rows] = best_of(block, largest, k)
        return indices, found

    def _fill(self, scores: Floats, predictions: Predictions, rows: slice, seen: Indices) -> Floats:
        """All members' opinions as one; returns the largest of each chunk of items."""
        items, size = predictions.item_indices[rows], len(scores)
        barred = predictions.seen_indices[rows]
        strengths = None
        if self._counted is not None and any(each.blend.weight for each in self._members):
            strengths = self._counted.strengths(items)
        excluded = marked(seen, size)
        largest = np.empty((size // CHUNK, len(items)), np.float32)
        members = [
            (member, Encoded(*(part[rows] for part in said)))
            for member, said in zip(self._members, predictions.members, strict=True)
        ]
        if len(members) == 1:
            ((member, said),) = members
            member.fill(scores, said, Owned(items, strengths, excluded, barred), largest)
            return largest
        # Left out after the average: what a member gave to seen items is lost, not dealt out.
        own = Owned(items, strengths, marked(seen[:, :0], size), barred)
        chances = np.zeros_like(scores)
        for member, said in members:
            member.fill(scores, said, own)
            chances += softmax(scores, axis=0)
        # What is never recommended has no chance with any member.
        possible = scores > NEVER / 2
        smallest = np.finfo(np.float32).tiny
        np.log(np.maximum(chances / len(members), smallest), out=scores)
        scores[~possible] = NEVER
        left_out = excluded.tocoo()
        scores[left_out.col, left_out.row] = NEVER
        write_largest(scores, largest)
        return largest

    def _blocks(self, count: int) -> Iterator[slice]:
        size = min(MOST_CUSTOMERS, max(1, BLOCK_CELLS // self.shape.vocabulary_size))
        for start in range(0, count, size):
            yield slice(start, start + size)
