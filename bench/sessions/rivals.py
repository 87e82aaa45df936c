"""What the model must beat: popularity, item-to-item Markov, and session kNN (V-SkNN)."""

from collections.abc import Callable

import numpy as np
from scipy import sparse

from insight.encoding.vocabulary import FIRST_KNOWN, Indices
from insight.models.arrays import Floats

NEIGHBOURS = 500
SAMPLED = 2500
"""Of the sessions that share an item with the prefix, so many of the newest are compared."""

Ranker = Callable[[Indices], Floats]
"""From prefixes, shape (rows, length), to scores of all items, shape (rows, vocabulary)."""


def popularity(sessions: list[Indices], size: int) -> Ranker:
    """The items clicked most."""
    counts = np.bincount(np.concatenate(sessions), minlength=size).astype(np.float32)
    return lambda prefixes: np.tile(counts, (len(prefixes), 1))


def markov(sessions: list[Indices], size: int) -> Ranker:
    """How often an item followed the last one (Ludewig and Jannach 2018, section 2.1)."""
    earlier = np.concatenate([session[:-1] for session in sessions])
    later = np.concatenate([session[1:] for session in sessions])
    ones = np.ones(len(earlier), np.float32)
    follows = sparse.coo_matrix((ones, (earlier, later)), shape=(size, size)).tocsr()
    # Most items followed another once or twice; the more popular of them comes first.
    counts = np.bincount(np.concatenate(sessions), minlength=size).astype(np.float32)
    share = counts / (counts.max() + 1)
    return lambda prefixes: follows[prefixes[:, -1]].toarray() + share


def session_knn(sessions: list[Indices], size: int) -> Ranker:
    """Vector multiplication session kNN (Ludewig and Jannach 2018, section 2.4.4, V-SkNN).

    Newer items of the prefix weigh more, quadratically, in the similarity with past sessions; a
    past session's items count by how new the newest item of the prefix is that it shares; items
    found in few sessions count more (idf).
    """
    distinct = [np.unique(session) for session in sessions]
    rows = np.repeat(np.arange(len(distinct)), [len(each) for each in distinct])
    ones = np.ones(len(rows), np.float32)
    holds = sparse.csr_matrix((ones, (rows, np.concatenate(distinct))), (len(distinct), size))
    held_by = holds.T.tocsr()
    seen = np.maximum(np.diff(held_by.indptr), 1)
    idf = np.log(len(distinct) / seen).astype(np.float32)
    norms = np.sqrt(np.array([len(each) for each in distinct], np.float32))

    def score(prefix: Indices) -> Floats:
        items = prefix[prefix >= FIRST_KNOWN]
        weights: dict[int, float] = {}
        for place, item in enumerate(items, 1):
            weights[int(item)] = (place / len(items)) ** 2
        newest = np.zeros(len(distinct), np.float32)
        for item, weight in weights.items():
            members = held_by.indices[held_by.indptr[item] : held_by.indptr[item + 1]]
            newest[members] = np.maximum(newest[members], weight)
        members = np.flatnonzero(newest)[-SAMPLED:]
        if not len(members):
            return np.zeros(size, np.float32)
        asked = np.zeros(size, np.float32)
        asked[list(weights)] = list(weights.values())
        near = (holds[members] @ asked) / norms[members]
        best = np.argsort(-near, kind="stable")[:NEIGHBOURS]
        said = near[best] * newest[members[best]]
        return (said @ holds[members[best]]) * idf

    return lambda prefixes: np.stack([score(prefix) for prefix in prefixes])
