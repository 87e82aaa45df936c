"""Chooses on validation how much an encoder listens to what was counted."""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

import numpy as np

from insight.metrics.ranking import ndcg_at, target_ranks
from insight.models.arrays import Floats, Indices
from insight.models.blend import ALONE, Blend
from insight.models.cooccurrence import CoOccurrence
from insight.training.group import RankGroup

WEIGHTS = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)
FLOOR_PERCENTILES = (1, 10, 50)
"""Of the counted weights."""

CUT = 10


class Scored(NamedTuple):
    """Some validation rows with an encoder's scores.

    Args:
        logits: Shape (rows, vocabulary).
        items: Own items, padded with 0, shape (rows, length).
        targets: The item that came next, shape (rows,).
    """

    logits: Floats
    items: Indices
    targets: Indices


def choose_blend(scored: Iterable[Scored], counted: CoOccurrence, group: RankGroup) -> Blend:
    """The blend with the best NDCG@10 over the rows of all ranks; every rank gets the same.

    Args:
        scored: This rank's rows.
        counted: What was counted.
        group: The ranks.
    """
    if counted.weights.nnz == 0:
        return ALONE
    floors = np.percentile(counted.weights.data, FLOOR_PERCENTILES)
    blends = [ALONE, *(Blend(weight, float(floor)) for weight, floor in product(WEIGHTS, floors))]
    gained = np.zeros(len(blends))
    for rows in scored:
        strengths = counted.strengths(rows.items)
        for number, blend in enumerate(blends):
            ranks = target_ranks(blend.logits(rows.logits, strengths), rows.targets)
            gained[number] += ndcg_at(ranks, CUT).sum()
    return blends[int(np.argmax(group.total(gained)))]
