"""What every rank is told before it starts, and what it says when it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from insight.encoding.tasks import YES_NO_TASKS
from insight.models.arrays import Array, Floats, Indices
from insight.models.blend import ALONE, Blend
from insight.models.cooccurrence import CoOccurrence
from insight.models.shape import ModelShape
from insight.settings import TrainingSettings

CHECKSUM_MODULUS = 2**64
HEADS = ("next_item", *YES_NO_TASKS, "next_action")
CALIBRATED = HEADS[1:]
"""Heads whose probabilities are."""


@dataclass(frozen=True)
class TrainingPlan:
    """Everything a rank needs; pickled to its process.

    Args:
        train_files: URLs of the active files of the training split, in one order for all.
        validation_files: URLs of the active files of the validation split.
        recalibration_files: Likewise; none where nothing is recalibrated.
        shape: The model to train.
        settings: How to train it.
        category_of_item: Category index of every item index, shape (vocabulary_size,).
        item_counts: Events of every item index in the training window, shape (vocabulary_size,).
        counted: Which items follow which in the training window; None where that was not asked.
        item_vectors: Of every item index, where the shape asks for them.
        checkpoint: URL of the file that keeps the last epoch; None to keep none.
        start: Weights to begin with, NaN where there are none; None to begin anew.
    """

    train_files: tuple[str, ...]
    validation_files: tuple[str, ...]
    shape: ModelShape
    settings: TrainingSettings
    category_of_item: Indices
    item_counts: Indices
    counted: CoOccurrence | None = None
    item_vectors: Floats | None = None
    start: Mapping[str, Array] | None = None
    recalibration_files: tuple[str, ...] = ()
    checkpoint: str | None = None


@dataclass(frozen=True)
class ReadCount:
    """Proof of what was read: rows, and the sum of their checksums modulo 2**64."""

    rows: int = 0
    checksum: int = 0

    @classmethod
    def of(cls, checksums: Indices) -> "ReadCount":
        """The count of rows with these checksums; unsigned sums wrap as the modulus does."""
        return cls(len(checksums), int(checksums.astype(np.uint64).sum(dtype=np.uint64)))

    def plus(self, other: "ReadCount") -> "ReadCount":
        total = (self.checksum + other.checksum) % CHECKSUM_MODULUS
        return ReadCount(self.rows + other.rows, total)


@dataclass(frozen=True)
class Answers:
    """The best weights' logits of the calibrated heads on sampled rows of a rank's share.

    The sample is of about ``training.calibration_rows`` rows of the split over all ranks.

    Args:
        logits: By task, in parts; (rows, parts).
        labels: By task.
        masks: 1 where there is such a label, by task.
    """

    logits: dict[str, Array]
    labels: dict[str, Array]
    masks: dict[str, Array]


@dataclass(frozen=True)
class RankReport:
    """What one rank did.

    Args:
        rank: Its number.
        read: What one pass over its share of each split read.
        answers: To validation, of weights that have not learned from it.
        levels: To validation, and to recalibration where there is such a split, of the weights
            as they are, whose wide parts have learned from both: good for the level alone.
        history: One entry per epoch, the same on every rank.
        weights: The best weights; only from rank 0.
        blend: How much the best weights gain by what was counted; the same on every rank.
        failure: Why it did not finish, None where it did.
    """

    rank: int
    read: Mapping[str, ReadCount] = field(default_factory=dict)
    answers: Mapping[str, Answers] = field(default_factory=dict)
    levels: Mapping[str, Answers] = field(default_factory=dict)
    history: tuple[dict[str, float], ...] = ()
    weights: dict[str, Array] | None = None
    blend: Blend = ALONE
    failure: Exception | None = None
