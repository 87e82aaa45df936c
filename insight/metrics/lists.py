"""What recommended lists are like as a whole, beside whether they are right.

Accuracy is served well by what everybody knows already; these two show it (Vargas and Castells
2011, "Rank and Relevance in Novelty and Diversity Metrics for Recommender Systems"; Castells,
Hurley and Vargas 2015, "Novelty and Diversity in Recommender Systems").
"""

import numpy as np

from insight.metrics.arrays import Doubles, Integers
from insight.metrics.ranking import RESERVED_INDICES
from insight.metrics.statistics import Statistic, ratio_of


def self_information(event_counts: Integers) -> Doubles:
    """How little an item says of itself by being popular: -log2 of its share of all events.

    Args:
        event_counts: Events of every item index, shape (vocabulary,).

    Returns:
        Bits, shape (vocabulary,); 0 for an index without events.
    """
    met = event_counts > 0
    shares = np.where(met, event_counts, 1) / max(event_counts.sum(), 1)
    return np.where(met, -np.log2(shares), 0.0)


def novelty_of(lists: Integers, bits: Doubles) -> Statistic:
    """Mean self-information of the recommended items, without a discount by rank.

    Args:
        lists: Item indices; padding and unknown are no items, shape (rows, length).
        bits: Self-information of every item index, shape (vocabulary,).
    """
    is_item = lists >= RESERVED_INDICES
    # Lists without any item tell of nothing new, rather than of nothing.
    return ratio_of((bits[lists] * is_item).sum(axis=1), is_item.sum(axis=1), otherwise=0.0)


def coverage_of(lists: Integers, catalogue: int) -> Statistic:
    """Share of the catalogue that is in at least one list: the same in every round.

    It belongs to all lists together. A draw of customers leaves out a third of the lists, so
    that its coverage is lower whatever the model: a bootstrap would measure that.

    Args:
        lists: As in ``novelty_of``.
        catalogue: How many items there are.
    """
    named = np.unique(lists[lists >= RESERVED_INDICES])
    return lambda counts: np.full(len(counts), len(named) / catalogue)
