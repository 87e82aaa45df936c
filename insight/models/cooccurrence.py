"""Which items follow which: counted, not learned, and a strong rival of any encoder.

Item-to-item neighbours with recency (Ludewig and Jannach 2018, "Evaluation of session-based
recommendation algorithms": sequential rules and item kNN), with both directions of a pair counted,
the later one more. Counting costs seconds, and what it finds differs from what an encoder finds.
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy import sparse

from insight.encoding.vocabulary import FIRST_KNOWN
from insight.models.arrays import Floats, Indices


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
    backward: float = 0.5
    source_power: float = 0.3
    target_power: float = 0.3
    recency: float = 0.7
    neighbours: int = 200
    repeats: bool = False


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

    def facts(self) -> dict[str, float]:
        """The settings of the counting."""
        return asdict(self.pairs)


def count_pairs(items: Indices, size: int, pairs: PairWeights) -> CoOccurrence:
    """Count the pairs of all sequences.

    A sequence's pairs weigh less the longer it is: who had everything says little.

    Args:
        items: Item indices, oldest first, padded with 0 on the left; (rows, length).
        size: Of the vocabulary.
        pairs: How a pair counts.
    """
    known = items >= FIRST_KNOWN
    of_sequence = 1.0 / np.log2(1.0 + np.maximum(known.sum(axis=1), 1))
    total = sparse.csr_matrix((size, size), dtype=np.float32)
    for distance in range(1, min(pairs.window, items.shape[1] - 1) + 1):
        earlier, later = items[:, :-distance], items[:, distance:]
        counted = known[:, :-distance] & known[:, distance:]
        if not pairs.repeats:
            counted &= earlier != later
        row, _ = np.nonzero(counted)
        weights = (of_sequence[row] * pairs.decay ** (distance - 1)).astype(np.float32)
        met = sparse.coo_matrix(
            (weights, (earlier[counted], later[counted])), shape=(size, size)
        ).tocsr()
        total = total + met + pairs.backward * met.T.tocsr()
    counts = np.maximum(np.bincount(items[known], minlength=size), 1).astype(np.float32)
    by_source = sparse.diags(counts**-pairs.source_power)
    by_target = sparse.diags(counts**-pairs.target_power)
    scaled = (by_source @ total @ by_target).tocsr().astype(np.float32)
    return CoOccurrence(_strongest(scaled, pairs.neighbours), pairs)


def _strongest(weights: sparse.csr_matrix, kept: int) -> sparse.csr_matrix:
    """The largest entries of each row."""
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    order = np.lexsort((weights.indices, -weights.data, rows))
    place = np.arange(len(order)) - weights.indptr[rows[order]]
    chosen = order[place < kept]
    cells = (weights.data[chosen], (rows[chosen], weights.indices[chosen]))
    return sparse.csr_matrix(cells, shape=weights.shape)


@dataclass(frozen=True)
class Blend:
    """How much an encoder's logits gain by co-occurrence: weight * log(1 + strength / floor).

    A product of two opinions (Genest and Zidek 1986, "Combining probability distributions",
    logarithmic pooling), where a floor keeps what was never met together from being impossible.
    """

    weight: float
    floor: float

    def logits(self, logits: Floats, strengths: sparse.csr_matrix) -> Floats:
        """Both opinions as logits, shape (rows, vocabulary)."""
        gains = strengths.copy()
        gains.data = self.weight * np.log1p(gains.data / self.floor)
        return np.asarray(logits + gains.toarray())
