"""Solves the wide parts of the yes-or-no heads before the rest is trained."""

import numpy as np

from insight.encoding.tasks import YES_NO_TASKS
from insight.models.arrays import Array, Doubles
from insight.models.customer_model import CustomerModel, features_of
from insight.training.group import RankGroup
from insight.training.reader import Shard, open_shard
from insight.training.regression import fit_logistic_regression

_BATCH = 8192
RIDGES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
_COLUMNS = (
    "features",
    "campaign_context",
    *(f"{prefix}{task}" for task in YES_NO_TASKS for prefix in ("", "has_")),
)


def set_wide_parts(model: CustomerModel, train: Shard, validation: Shard, group: RankGroup) -> None:
    """Fit each head's regression on one pass over the features, and set it.

    How much it is held back is chosen on validation: a task with few answers, as campaigns have,
    needs more of it than one with many. The features of a rank's share are held in memory: tens
    of numbers per row, where the sequences, which are not, have hundreds.

    Raises:
        TrainingFailedError: A feature is not finite.
    """
    learnt, judged = _rows(train), _rows(validation)
    for task, head in zip(YES_NO_TASKS, model.yes_no, strict=True):
        asked = _asked(task, learnt)
        fits = [fit_logistic_regression(*asked, group, ridge) for ridge in RIDGES]
        losses = [_mean_loss(fit, *_asked(task, judged), group) for fit in fits]
        head.set_wide(*fits[int(np.argmin(losses))])


def _rows(shard: Shard) -> dict[str, Array]:
    with open_shard(shard, batch_size=_BATCH, columns=_COLUMNS) as batches:
        read = [{name: values.numpy() for name, values in batch.items()} for batch in batches]
    return {name: np.concatenate([batch[name] for batch in read]) for name in _COLUMNS}


def _asked(task: str, rows: dict[str, Array]) -> tuple[Array, Array, Array]:
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
