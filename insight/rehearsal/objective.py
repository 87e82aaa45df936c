"""What a search makes greater: how good settings prove on nights before the newest test window."""

import shutil
from math import prod
from pathlib import Path

from insight.promotion.stage import gate_metrics_of
from insight.registry import Registry
from insight.rehearsal.nights import rehearse, with_training
from insight.settings import TrainingSettings
from insight.stages import Run
from insight.training.stage import TRAIN


def geometric_mean(values: dict[str, float]) -> float:
    """One hundredth more of any value counts alike, whether it is near 0.05 or near 0.8.

    These are the metrics that the gate compares with a champion. The gate weighs them by their
    standard errors, which one trial on one fold does not have.
    """
    return float(prod(values.values()) ** (1.0 / len(values)))


def value_on(night: Run, training: TrainingSettings, *, registry: Path) -> float:
    """Train on a fold as any night trains, and judge on the fold's own test window.

    The value is the geometric mean over tasks of what the gate compares: NDCG@10 of the next item,
    AUC of the yes-or-no tasks, accuracy of the next action.

    Why the test windows of older folds, and not their validation splits: validation chooses
    the epoch, the calibration and the blend, so that settings which leave it more to choose
    would win there by luck alone. And why it stays honest: a search takes folds from 1 on, whose
    labels end by the run date's test cut-off. The window that promotion judges by has then been
    looked at by nobody.

    Args:
        night: The fold, with its examples built.
        training: What is tried.
        registry: A folder for the model, which is removed again.

    Raises:
        TrainingFailedError: These settings cannot be trained.
    """
    own = with_training(night, training, registry=registry)
    rehearse(TRAIN, own)
    version = Registry(registry).challenger(own.run_date)
    try:
        return geometric_mean(gate_metrics_of(own, version))
    finally:
        shutil.rmtree(version.folder)
