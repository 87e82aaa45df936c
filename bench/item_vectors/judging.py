"""NDCG@10 of a trained encoder, of all next items and of those that are seldom met."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from insight.metrics.ranking import ndcg_at, target_ranks
from insight.models.arrays import Array, Doubles, Indices
from insight.training.plan import TrainingPlan

if TYPE_CHECKING:
    from insight.training.validation import Validator

SELDOM = 20
"""An item with fewer events in the training window."""


def judged(
    plan: TrainingPlan, weights: Mapping[str, Array], splits: Mapping[str, tuple[str, ...]]
) -> dict[str, float]:
    """``<split>.ndcg10`` and ``<split>.seldom.ndcg10``, the whole catalogue ranked."""
    from insight.models.customer_model import CustomerModel
    from insight.models.weights import set_weights
    from insight.training.shard import Shard
    from insight.training.validation import Validator

    model = CustomerModel(plan.shape, plan.category_of_item, plan.item_vectors)
    set_weights(model, weights)
    found = {}
    for split, files in splits.items():
        scored = list(_ranks(Validator(model, Shard(files, 0, 1))))
        ranks, targets = (np.concatenate(part) for part in zip(*scored, strict=True))
        gains = ndcg_at(ranks, 10)
        found[f"{split}.ndcg10"] = float(gains.mean())
        is_seldom = plan.item_counts[targets] < SELDOM
        found[f"{split}.seldom.ndcg10"] = float(gains[is_seldom].mean())
    return found


def _ranks(validator: "Validator") -> Iterator[tuple[Doubles, Indices]]:
    for rows in validator.scored():
        yield target_ranks(rows.logits, rows.targets), rows.targets
