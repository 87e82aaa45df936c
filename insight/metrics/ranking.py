"""Next-item metrics from the rank of the one true item among the whole catalogue.

Sampled metrics do not keep the order of contenders (Krichene and Rendle 2020, "On Sampled
Metrics for Item Recommendation"), so only full rankings are taken here.
Every metric is given per row; its mean is the metric, and its rows feed the bootstrap.
"""

import numpy as np

from insight.metrics.arrays import Doubles, Floats, Indices, Integers

MISSED = np.inf
"""The rank of a true item that the contender cannot name: outside its catalogue."""

RESERVED_INDICES = 2
"""Padding and unknown are no items: they are neither candidates nor answers."""


def refuse_sample(scores: Floats, *, catalogue: int) -> None:
    """Refuse to rank within a sample of the items, which would look better than it is.

    Args:
        scores: One score per item index, shape (rows, vocabulary).
        catalogue: Item indices that there are, padding and unknown among them.

    Raises:
        ValueError: There are others than that.
    """
    if scores.shape[1] != catalogue:
        raise ValueError(
            f"scores of {scores.shape[1]} item indices; expected all {catalogue}: a sampled "
            "metric does not keep the order of contenders. Next: score the whole catalogue"
        )


def target_ranks(scores: Floats, targets: Integers) -> Doubles:
    """The rank of each row's true item among all items, ties broken against it.

    An item whose score equals the true item's stands before it, so that a model that gives
    all items one score ranks the truth last rather than first. A score that is not a number
    counts as a tie.

    Args:
        scores: One score per item index, shape (rows, vocabulary). Higher is better.
        targets: The true item's index, shape (rows,). Padding (0) and unknown (1) are missed.

    Returns:
        Ranks from 1, ``inf`` where missed, shape (rows,).
    """
    ranks = np.full(len(targets), MISSED)
    known = np.flatnonzero((targets >= RESERVED_INDICES) & (targets < scores.shape[1]))
    true_scores = scores[known, targets[known]]
    candidates = scores[known, RESERVED_INDICES:]
    # "Not below" rather than "at or above": with a NaN on either side both ways of comparing
    # are false, and only this one puts the row last. The true item is not below itself,
    # which is the 1 that a rank begins with.
    ranks[known] = np.count_nonzero(~(candidates < true_scores[:, None]), axis=1)
    return ranks


def top_items(scores: Floats, k: int) -> Indices:
    """Which k items each row's scores put first, ties by index; in order of index, not of rank.

    Args:
        scores: One score per item index, shape (rows, vocabulary). What is not a number is last.
        k: Length of the lists.

    Returns:
        Item indices, padded with 0 where there are fewer items, shape (rows, k).
    """
    candidates = scores[:, RESERVED_INDICES:]
    candidates = np.where(np.isnan(candidates), -np.inf, candidates)
    count = min(k, candidates.shape[1])
    last = np.partition(candidates, -count, axis=1)[:, [-count]]
    above, level = candidates > last, candidates == last
    places = count - above.sum(axis=1, keepdims=True)
    chosen = above | (level & (np.cumsum(level, axis=1, dtype=np.int32) <= places))
    lists = np.zeros((len(scores), k), dtype=np.int64)
    lists[:, :count] = np.nonzero(chosen)[1].reshape(len(scores), count) + RESERVED_INDICES
    return lists


def ndcg_at(ranks: Doubles, k: int) -> Doubles:
    """Discounted gain of each row; the mean is NDCG@k.

    With one relevant item the ideal gain is 1, so the gain 1 / log2(1 + rank) is already
    normalised (Järvelin and Kekäläinen 2002, section 2.2, in the base-2 form in common use).

    Args:
        ranks: Ranks from 1, ``inf`` where missed, shape (rows,).
        k: Length of the list that is looked at.

    Returns:
        Gains between 0 and 1, shape (rows,).
    """
    return np.where(ranks <= k, 1.0 / np.log2(1.0 + ranks), 0.0)


def hit_rate_at(ranks: Doubles, k: int) -> Doubles:
    """1 where the true item is among the first ``k``; the mean is HR@k, which is recall@k here."""
    return (ranks <= k).astype(np.float64)


def mrr_at(ranks: Doubles, k: int) -> Doubles:
    """1 / rank among the first ``k``, else 0; the mean is MRR@k (Voorhees 1999, TREC-8)."""
    return np.where(ranks <= k, 1.0 / ranks, 0.0)
