"""Which items follow which: counted, not learned, and a strong rival of any encoder.

Item-to-item neighbours with recency (Ludewig and Jannach 2018, "Evaluation of session-based
recommendation algorithms": sequential rules and item kNN), with both directions of a pair counted,
the later one more. Counting costs seconds, and what it finds differs from what an encoder finds.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse

from insight.encoding.vocabulary import FIRST_KNOWN
from insight.models.arrays import Doubles, Indices

FILE = "cooccurrence"


@dataclass(frozen=True)
class PairWeights:
    """How a pair of items in one sequence counts.

    Args:
        window: Events between which a pair still counts.
        decay: What each event of distance leaves of a pair's weight.
        backward: Weight of the earlier item as the later one's neighbour.
        source_power: Power of the known item's count that the weight is divided by.
        target_power: The same of the neighbour, so that popular ones are not everybody's.
        recency: What each event of age leaves of a known item's say.
        neighbours: Kept per item, the strongest.
        repeats: Whether an item may be its own neighbour.
    """

    window: int = 20
    decay: float = 0.8
    backward: float = 0.3
    source_power: float = 0.0
    target_power: float = 0.25
    recency: float = 0.5
    neighbours: int = 200
    repeats: bool = False


class Pairs(NamedTuple):
    """Items with a neighbour each, all of shape (pairs,)."""

    items: Indices
    neighbours: Indices
    weights: Doubles


@dataclass(frozen=True)
class CoOccurrence:
    """Neighbours of every item.

    Args:
        weights: Sparse, shape (vocabulary, vocabulary): of the row's item for the column's.
        pairs: How they were counted.
    """

    weights: sparse.csr_matrix
    pairs: PairWeights

    def strengths(self, items: Indices) -> sparse.csr_matrix:
        """What each customer's own items call for.

        Args:
            items: Item indices, oldest first, padded with 0 on the left; (rows, length).

        Returns:
            Zero or more, sparse, shape (rows, vocabulary).
        """
        rows, length = items.shape
        ages = np.arange(length - 1, -1, -1)
        says = np.where(items >= FIRST_KNOWN, self.pairs.recency**ages, 0.0).astype(np.float32)
        starts = np.arange(0, (rows + 1) * length, length)
        known = (says.ravel(), items.ravel(), starts)
        of_rows = sparse.csr_matrix(known, shape=(rows, self.weights.shape[0]))
        return of_rows @ self.weights

    def save(self, folder: Path) -> None:
        """Write ``cooccurrence.npz``, plain arrays, and ``cooccurrence.json``."""
        sparse.save_npz(folder / f"{FILE}.npz", self.weights)
        (folder / f"{FILE}.json").write_text(json.dumps(asdict(self.pairs), indent=1))

    @classmethod
    def load_or_none(cls, folder: Path) -> "CoOccurrence | None":
        """Read both files, where a model has them; nothing in them can run."""
        if not (folder / f"{FILE}.npz").is_file():
            return None
        pairs = PairWeights(**json.loads((folder / f"{FILE}.json").read_text()))
        return cls(sparse.load_npz(folder / f"{FILE}.npz"), pairs)


def pair_weights(items: Indices, pairs: PairWeights) -> Pairs:
    """The pairs of some sequences, each pair once with the sum of its weights.

    A sequence's pairs weigh less the longer it is: who had everything says little.

    Args:
        items: Item indices, oldest first, padded with 0 on the left; (rows, length).
        pairs: How a pair counts.
    """
    known = items >= FIRST_KNOWN
    of_sequence = 1.0 / np.log2(1.0 + np.maximum(known.sum(axis=1), 1))
    size = int(items.max(initial=0)) + 1
    total = sparse.csr_matrix((size, size))
    for distance in range(1, min(pairs.window, items.shape[1] - 1) + 1):
        earlier, later = items[:, :-distance], items[:, distance:]
        counted = known[:, :-distance] & known[:, distance:]
        if not pairs.repeats:
            counted &= earlier != later
        row, _ = np.nonzero(counted)
        weights = of_sequence[row] * pairs.decay ** (distance - 1)
        met = sparse.coo_matrix((weights, (earlier[counted], later[counted])), (size, size)).tocsr()
        total = total + met + pairs.backward * met.T.tocsr()
    found = total.tocoo()
    return Pairs(found.row.astype(np.int64), found.col.astype(np.int64), found.data)


def scaled_pairs(found: Pairs, item_counts: Indices, pairs: PairWeights) -> CoOccurrence:
    """Pairs with popularity taken out, the strongest of each item.

    Args:
        found: Every pair once.
        item_counts: Events of every item index, shape (vocabulary,).
        pairs: How a pair counts.
    """
    size, counts = len(item_counts), np.maximum(item_counts, 1).astype(np.float64)
    damped = counts[found.items] ** -pairs.source_power * counts[found.neighbours] ** -(
        pairs.target_power
    )
    cells = ((found.weights * damped).astype(np.float32), (found.items, found.neighbours))
    weights = sparse.coo_matrix(cells, shape=(size, size)).tocsr()
    return CoOccurrence(_strongest(weights, pairs.neighbours), pairs)


def count_pairs(items: Indices, size: int, pairs: PairWeights) -> CoOccurrence:
    """Count the pairs of all sequences, where they fit into memory.

    Args:
        items: Item indices, oldest first, padded with 0 on the left; (rows, length).
        size: Of the vocabulary.
        pairs: How a pair counts.
    """
    counts = np.bincount(items[items >= FIRST_KNOWN], minlength=size)
    return scaled_pairs(pair_weights(items, pairs), counts, pairs)


def _strongest(weights: sparse.csr_matrix, kept: int) -> sparse.csr_matrix:
    """The largest entries of each row; among equals the lower index."""
    per_item = np.diff(weights.indptr)
    if per_item.max(initial=0) <= kept:
        return weights
    rows = np.repeat(np.arange(weights.shape[0]), per_item)
    order = np.lexsort((weights.indices, -weights.data, rows))
    place = np.arange(len(order)) - weights.indptr[rows[order]]
    chosen = order[place < kept]
    cells = (weights.data[chosen], (rows[chosen], weights.indices[chosen]))
    return sparse.csr_matrix(cells, shape=weights.shape)
