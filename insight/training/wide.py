"""Solves the wide parts of the yes-or-no heads before the rest is trained."""

import numpy as np

from insight.encoding.tasks import YES_NO_TASKS
from insight.models.customer_model import CustomerModel, features_of
from insight.training.group import RankGroup
from insight.training.reader import Shard, open_shard
from insight.training.regression import fit_logistic_regression

_BATCH = 8192
_COLUMNS = (
    "features",
    "campaign_context",
    *(f"{prefix}{task}" for task in YES_NO_TASKS for prefix in ("", "has_")),
)


def set_wide_parts(model: CustomerModel, shard: Shard, group: RankGroup) -> None:
    """Fit each head's regression on one pass over the features, and set it.

    The features of a rank's share are held in memory: tens of numbers per row, where the
    sequences, which are not, have hundreds.

    Raises:
        TrainingFailedError: A feature is not finite.
    """
    with open_shard(shard, batch_size=_BATCH, columns=_COLUMNS) as batches:
        read = [{name: values.numpy() for name, values in batch.items()} for batch in batches]
    rows = {name: np.concatenate([batch[name] for batch in read]) for name in _COLUMNS}
    for task, head in zip(YES_NO_TASKS, model.yes_no, strict=True):
        design = np.asarray(features_of(task, rows))
        head.set_wide(*fit_logistic_regression(design, rows[task], rows[f"has_{task}"], group))
