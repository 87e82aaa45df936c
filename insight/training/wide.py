"""Solves the wide parts of the yes-or-no heads, before the rest is trained and after it."""

from collections.abc import Mapping, Sequence

import numpy as np

from insight.encoding.tasks import YES_NO_TASKS
from insight.models.arrays import Array, Doubles
from insight.models.customer_model import CustomerModel, features_of
from insight.training.group import RankGroup
from insight.training.regression import fit_logistic_regression
from insight.training.shard import Arrays, Shard, open_row_groups

RIDGES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
_COLUMNS = (
    "features",
    "campaign_context",
    *(f"{prefix}{task}" for task in YES_NO_TASKS for prefix in ("", "has_")),
)


def set_wide_parts(
    model: CustomerModel, train: Shard, validation: Shard, group: RankGroup
) -> dict[str, float]:
    """Fit each head's regression on one pass over the features, and set it.

    How much it is held back is chosen on validation: a task with few answers, as campaigns have,
    needs more of it than one with many. The features of a rank's share are held in memory: tens
    of numbers per row, where the sequences, which are not, have hundreds.

    Returns:
        The ridge of each task.

    Raises:
        NotFiniteError: A feature is not finite.
    """
    learnt, judged = _rows([train]), _rows([validation])
    ridges = {}
    for task, head in zip(YES_NO_TASKS, model.yes_no, strict=True):
        asked = _asked(task, learnt)
        fits = [fit_logistic_regression(*asked, group, ridge) for ridge in RIDGES]
        losses = [_mean_loss(fit, *_asked(task, judged), group) for fit in fits]
        best = int(np.argmin(losses))
        head.set_wide(*fits[best])
        ridges[task] = RIDGES[best]
    return ridges


def refit_wide_parts(
    model: CustomerModel, shards: Sequence[Shard], ridges: Mapping[str, float], group: RankGroup
) -> None:
    """Fit each head's regression on all rows whose labels are known by now, and set it.

    Validation has chosen what it had to; its rows are the newest there are to learn from.

    Args:
        model: As it was trained.
        shards: This rank's shares of the splits.
        ridges: From ``set_wide_parts``.
        group: The ranks.

    Raises:
        NotFiniteError: A feature is not finite.
    """
    known = _rows(shards)
    for task, head in zip(YES_NO_TASKS, model.yes_no, strict=True):
        head.set_wide(*fit_logistic_regression(*_asked(task, known), group, ridges[task]))


def _rows(shards: Sequence[Shard]) -> Arrays:
    read: list[Arrays] = []
    for shard in shards:
        with open_row_groups(shard, _COLUMNS) as groups:
            read += groups
    return {name: np.concatenate([group[name] for group in read]) for name in _COLUMNS}


def _asked(task: str, rows: Arrays) -> tuple[Array, Array, Array]:
    """What a task reads, its labels and their masks."""
    return np.asarray(features_of(task, rows)), rows[task], rows[f"has_{task}"]


def _mean_loss(
    fit: tuple[Doubles, float], features: Array, labels: Array, masks: Array, group: RankGroup
) -> float:
    """Log loss over the labelled rows of all ranks; 0 where there are none."""
    coefficients, intercept = fit
    logits = features @ coefficients + intercept
    losses = np.logaddexp(0.0, logits) - labels * logits
    total, count = group.total(np.array([(losses * masks).sum(), masks.sum()]))
    return float(total / max(count, 1.0))
