"""Chooses, on validation, how pairs are counted and how much they say beside an encoder."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from bench.next_item.data import Rows, padded
from insight.encoding.vocabulary import FIRST_KNOWN, PADDING, Indices
from insight.metrics.ranking import ndcg_at, target_ranks
from insight.models.arrays import NEVER, Doubles, Floats
from insight.models.blend import Blend
from insight.models.cooccurrence import CoOccurrence, PairWeights, count_pairs
from insight.training.blending import Scored, choose_blend
from insight.training.group import SoloGroup

BLOCK = 1000

DECAYS = (0.5, 0.8)
POWERS = ((0.0, 0.0), (0.0, 0.25), (0.0, 0.5), (0.3, 0.3))
BACKWARD = (0.0, 0.3, 0.6)
RECENCY = (0.3, 0.5, 0.7)

Scores = Callable[[slice], Floats]
"""Scores of a block of rows, shape (rows, vocabulary)."""


def ranks_of(scores: Scores, rows: Rows, *, repeats: bool) -> Doubles:
    """The rank of each target among all items; without ``repeats`` own items are left out.

    Rows that ask for nothing have none.
    """
    ranks = np.concatenate(
        [
            target_ranks(
                _ranked(scores(block), rows.seen[block], repeats=repeats), rows.targets[block]
            )
            for block in blocks(len(rows.items))
        ]
    )
    return ranks[rows.targets > 0]


def best_of(scores: Scores, rows: Rows, k: int, *, repeats: bool) -> Indices:
    """The k best items of each row, best first, shape (rows, k); 0 where no more are left."""
    found = []
    for block in blocks(len(rows.items)):
        ranked = _ranked(scores(block), rows.seen[block], repeats=repeats)
        last = min(k, ranked.shape[1]) - 1
        best = np.argpartition(-ranked, last, axis=1)[:, : last + 1]
        order = np.argsort(-np.take_along_axis(ranked, best, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        is_left = np.take_along_axis(ranked, best, axis=1) > NEVER
        found.append(np.pad(np.where(is_left, best, PADDING), ((0, 0), (0, k - last - 1))))
    return np.concatenate(found)


def choose_pairs(rows: Rows, train: Indices, size: int, *, repeats: bool) -> PairWeights:
    """The way of counting pairs in ``train`` that ranks the rows' targets best by itself.

    One setting is chosen after the other, each with the best of those before.
    """
    best = PairWeights(repeats=repeats)
    choices: list[list[dict[str, float]]] = [
        [{"source_power": source, "target_power": target} for source, target in POWERS],
        [{"recency": recency} for recency in RECENCY],
        [{"backward": backward} for backward in BACKWARD],
        [{"decay": decay} for decay in DECAYS],
    ]
    for options in choices:
        tried = [replace(best, **option) for option in options]
        scores = [_ndcg(count_pairs(train, size, pairs), rows) for pairs in tried]
        best = tried[int(np.argmax(scores))]
    return best


def blend_of(encoder: Scores, counted: CoOccurrence, rows: Rows) -> Blend:
    """The blend that ranks the rows' targets best, chosen as training chooses it."""
    scored = (
        Scored(
            _ranked(encoder(block), rows.seen[block], repeats=counted.pairs.repeats),
            rows.items[block],
            rows.targets[block],
        )
        for block in blocks(len(rows.items))
    )
    return choose_blend(scored, counted, SoloGroup())


def blocks(count: int) -> Iterator[slice]:
    """Rows in blocks whose scores fit into memory."""
    for start in range(0, count, BLOCK):
        yield slice(start, start + BLOCK)


def _ndcg(counted: CoOccurrence, rows: Rows) -> float:
    strengths = counted.strengths(rows.items)
    ranks = ranks_of(lambda block: strengths[block].toarray(), rows, repeats=counted.pairs.repeats)
    return float(ndcg_at(ranks, 10).mean())


def _ranked(scores: Floats, seen: Sequence[Indices], *, repeats: bool) -> Floats:
    ranked = scores.copy()
    ranked[:, :FIRST_KNOWN] = NEVER
    if not repeats:
        longest = max((len(each) for each in seen), default=0)
        np.put_along_axis(ranked, padded(seen, longest), NEVER, axis=1)
    return ranked
