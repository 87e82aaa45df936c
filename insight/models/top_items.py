"""The best items of the whole catalogue for a block of customers, exactly.

Scores lie item by item, (vocabulary, customers). The catalogue is passed through in blocks that
stay in a core's cache: products, what is added to them, what is left out, and the largest of
each chunk of items. Plain arrays: TensorFlow would copy all scores at each of these steps.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse

from insight.encoding.vocabulary import FIRST_KNOWN
from insight.models.arrays import NEVER, Array, Floats, Indices
from insight.models.item_table import Catalogue

BLOCK = 2048
"""Items passed through at once, a multiple of ``CHUNK``."""
CHUNK = 32
"""Items of which only the largest score is looked at, until the best chunks are known."""


class Asked(NamedTuple):
    """What a block of n customers wants.

    Args:
        queries: Shape (n, width).
        category_gains: Shape (n, category_count).
        gains: What single items gain, sparse, shape (n, vocabulary).
        excluded: Nonzero where an item is left out, sparse, shape (n, vocabulary).
    """

    queries: Floats
    category_gains: Floats
    gains: sparse.csr_matrix
    excluded: sparse.csr_matrix


@dataclass(frozen=True)
class ItemScores:
    """Scores of a catalogue.

    Args:
        factors: Embedding and bias of every item, shape (vocabulary, width + 1).
        categories: Category indices, shape (vocabulary,).
    """

    factors: Floats
    categories: Indices

    @classmethod
    def of(cls, catalogue: Catalogue) -> "ItemScores":
        # The bias is one more factor: added afterwards it would be one more pass.
        factors = np.column_stack([catalogue.embeddings, catalogue.biases])
        return cls(factors.astype(np.float32), np.asarray(catalogue.categories, np.int64))

    def fill(self, scores: Floats, asked: Asked, largest: Floats | None = None) -> None:
        """Write the scores of a block of customers.

        Args:
            scores: Written, shape (vocabulary, n).
            asked: What they want.
            largest: Written where given: the largest score of each whole chunk,
                shape (vocabulary // CHUNK, n).
        """
        wanted = np.column_stack([asked.queries, np.ones(len(asked.queries))])
        wanted = np.ascontiguousarray(wanted.T.astype(np.float32))
        of_category = np.ascontiguousarray(asked.category_gains.T)
        gains, excluded = asked.gains.tocsc(), asked.excluded.tocsc()
        # One place for all blocks: a new one for each would be new memory each time.
        added = np.empty((BLOCK, scores.shape[1]), np.float32)
        for first in range(0, len(scores), BLOCK):
            items = slice(first, first + BLOCK)
            block = scores[items]
            np.matmul(self.factors[items], wanted, out=block)
            categories = self.categories[items]
            # Categories are known to be in bounds; with a check the rows would be copied twice.
            of_items = np.take(of_category, categories, 0, added[: len(block)], mode="clip")
            np.add(block, of_items, out=block)
            places, values = _entries(gains, items)
            block[places] += values
            block[_entries(excluded, items)[0]] = NEVER
            if largest is not None:
                write_largest(block, largest[first // CHUNK : (first + BLOCK) // CHUNK])


def own_gains(weights: Floats, items: Indices, size: int) -> sparse.csr_matrix:
    """What customers' own items gain by their mentions: log(1 + sum of the mentions' weights).

    Args:
        weights: Of each mention, zero or more, shape (n, length).
        items: Item indices, shape (n, length).
        size: Of the vocabulary.
    """
    gains = _sparse(weights, items, size)
    gains.sum_duplicates()
    gains.data = np.log1p(gains.data)
    return gains


def marked(items: Indices, size: int) -> sparse.csr_matrix:
    """Nonzero at the known items of each customer, shape (n, vocabulary); 0 is padding."""
    return _sparse((items >= FIRST_KNOWN).astype(np.float32), items, size)


def write_largest(scores: Floats, largest: Floats) -> None:
    """The largest score of each whole chunk; what is left at the end is no chunk."""
    whole = scores[: len(largest) * CHUNK].reshape(len(largest), CHUNK, scores.shape[1])
    np.max(whole, axis=1, out=largest)


def best_of(scores: Floats, largest: Floats, k: int) -> tuple[Indices, Floats]:
    """The k best items of each customer.

    The k chunks with the largest scores hold them: for each chunk left out, k others hold an
    item that comes before all of its items.

    Args:
        scores: Finite, shape (vocabulary, n).
        largest: From ``write_largest``, shape (vocabulary // CHUNK, n).
        k: No more than there are items.

    Returns:
        Item indices and scores, best first, ties by index; both of shape (n, k).
    """
    chunks, customers = largest.shape
    # In order of index, so that ties among the candidates are too.
    chosen = np.sort(_first(largest.T, min(k, chunks)), axis=1)
    inside = (chosen[:, :, None] * CHUNK + np.arange(CHUNK)).reshape(customers, -1)
    rest = np.broadcast_to(
        np.arange(chunks * CHUNK, len(scores)), (customers, len(scores) - chunks * CHUNK)
    )
    candidates = np.concatenate([inside, rest], axis=1)
    found = scores[candidates, np.arange(customers)[:, None]]
    best = _first(found, k)
    return np.take_along_axis(candidates, best, 1), np.take_along_axis(found, best, 1)


def _first(values: Floats, k: int) -> Indices:
    """Places of the k largest of each row, largest first, ties by place."""
    rows, places = _contenders(values, k)
    bits = values[rows, places].view(np.int32)
    # Of a negative number all but the sign counts the other way; -0 is 0.
    ordered = np.where(bits < 0, np.int32(-(2**31)) - bits, bits).astype(np.int64)
    counts = np.bincount(rows, minlength=len(values))
    keys = np.full((len(values), counts.max(initial=0)), np.iinfo(np.int64).max)
    # One number for value and place: no two are equal, so any way of selecting is exact.
    keys[rows, np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]] = (
        -(ordered << 32) + places
    )
    if k < keys.shape[1]:
        keys = np.partition(keys, k - 1, axis=1)[:, :k] if k else keys[:, :0]
    return np.sort(keys, axis=1) & 0xFFFFFFFF


def _contenders(values: Floats, k: int) -> tuple[Indices, Indices]:
    """Rows and places of a few values of each row, the k largest and their ties among them.

    Of k groups of a row each has a value that is no less than the least of the groups' largest
    ones: what is less than that is not among the k largest.
    """
    size = values.shape[1] // k if k else 0
    if size < 2:
        return np.divmod(np.arange(values.size), max(values.shape[1], 1))
    values = np.ascontiguousarray(values)
    groups = values[:, : k * size].reshape(len(values), k, size)
    enough = groups.max(axis=2).min(axis=1)
    rows, places = np.nonzero(values >= enough[:, None])
    return rows, places


def _entries(matrix: sparse.csc_matrix, items: slice) -> tuple[tuple[Array, Array], Array]:
    """Places (item in the block, customer) and values of a block of items."""
    bounds = matrix.indptr[items.start : items.stop + 1]
    inside = slice(bounds[0], bounds[-1])
    of_item = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    return (of_item, matrix.indices[inside]), matrix.data[inside]


def _sparse(values: Floats, items: Indices, size: int) -> sparse.csr_matrix:
    rows, length = items.shape
    starts = np.arange(0, rows * length + 1, length) if length else np.zeros(rows + 1, np.int64)
    # A copy: scipy sorts in place, and these are the caller's.
    return sparse.csr_matrix((values.ravel(), items.ravel(), starts), (rows, size), copy=True)
