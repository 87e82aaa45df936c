"""Encoders trained on sequences of items alone, by the product's trainer."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.next_item.data import LATER_VISIT, Rows, write_examples
from insight.encoding.sequences import GAP_COUNT, PRICE_COUNT, SEQUENCE_INPUTS, TYPE_COUNT
from insight.encoding.tasks import CONTEXT_WIDTH
from insight.encoding.vocabulary import FIRST_KNOWN, Indices
from insight.models.arrays import Array, Floats
from insight.models.blend import ALONE
from insight.models.shape import ModelShape
from insight.settings import TrainingSettings
from insight.training.backends.single_backend import SingleBackend
from insight.training.outcome import refuse_failures
from insight.training.plan import RankReport, TrainingPlan

Scorer = Callable[[Indices], Floats]


@dataclass(frozen=True)
class Task:
    """What an encoder learns from.

    Args:
        train: Every position's next item is learned.
        validation: Later; chooses the epoch.
        size: Of the vocabulary.
        category_of_item: Category index of every item index.
    """

    train: Rows
    validation: Rows
    size: int
    category_of_item: Indices

    @classmethod
    def without_categories(cls, train: Rows, validation: Rows, size: int) -> "Task":
        """Where nothing is known of items: all are of one category."""
        categories = np.minimum(np.arange(size), FIRST_KNOWN)
        return cls(train, validation, size, categories)


@dataclass(frozen=True)
class Trained:
    """The best epoch of one training.

    Args:
        shape: The model's.
        weights: The model's.
        history: One entry per epoch.
        category_of_item: As in the task.
    """

    shape: ModelShape
    weights: dict[str, Array]
    history: tuple[dict[str, float], ...]
    category_of_item: Indices

    @property
    def best_epoch(self) -> int:
        """Its number, from 1."""
        return int(min(self.history, key=lambda entry: entry["score"])["epoch"])

    @property
    def ndcg(self) -> float:
        """NDCG@10 of the best epoch on validation."""
        return max(entry["ndcg_10"] for entry in self.history)


def train_encoder(task: Task, settings: TrainingSettings, *, repeats: bool) -> Trained:
    """Train one encoder on this machine.

    Args:
        task: What to learn from.
        settings: How.
        repeats: Whether an own item may come again.

    Raises:
        TrainingFailedError: It did not end well.
    """
    with tempfile.TemporaryDirectory(prefix="insight-bench-") as folder:
        plan = plan_of(task, settings, Path(folder), repeats=repeats)
        reports = SingleBackend(settings.timeout_seconds).train(plan)
    return trained_by(plan, reports)


def plan_of(task: Task, settings: TrainingSettings, folder: Path, *, repeats: bool) -> TrainingPlan:
    """What ranks are told; the examples are written to the folder."""
    shape = ModelShape(
        task.size,
        int(task.category_of_item.max()) + 1,
        TYPE_COUNT,
        GAP_COUNT,
        PRICE_COUNT,
        feature_width=1,
        sequence_length=task.train.items.shape[1],
        encoder=settings.encoder,
        width=settings.width,
        blocks=settings.blocks,
        heads=settings.heads,
        feed_forward=settings.feed_forward,
        dropout=settings.dropout,
        encoder_length=settings.encoder_length,
        repeats=repeats,
    )
    met = np.concatenate([task.train.items.ravel(), task.train.targets])
    counts = np.bincount(met, minlength=task.size)
    counts[:FIRST_KNOWN] = 0
    return TrainingPlan(
        write_examples(folder / "train", task.train),
        write_examples(folder / "validation", task.validation),
        shape,
        settings,
        task.category_of_item,
        counts,
    )


def trained_by(plan: TrainingPlan, reports: Sequence[RankReport]) -> Trained:
    """What the ranks report.

    Raises:
        TrainingFailedError: One did not end well.
    """
    refuse_failures(reports)
    weights = reports[0].weights or {}
    return Trained(plan.shape, weights, reports[0].history, plan.category_of_item)


def scorer_of(trained: Trained) -> Scorer:
    """Scores of all items after each row's last event, shape (rows, vocabulary)."""
    from insight.models.customer_model import CustomerModel
    from insight.models.member import Member
    from insight.models.predictor import Predictor
    from insight.models.weights import set_weights

    model = CustomerModel(trained.shape, trained.category_of_item)
    set_weights(model, trained.weights)
    predictor = Predictor([Member(model, {}, ALONE)])

    def score(items: Indices) -> Floats:
        there = (items > 0).astype(np.int64)
        inputs = dict.fromkeys(SEQUENCE_INPUTS, there * LATER_VISIT)
        inputs |= {"item_indices": items, "features": np.zeros((len(items), 1), np.float32)}
        inputs["campaign_context"] = np.zeros((len(items), CONTEXT_WIDTH), np.float32)
        return predictor.item_scores(predictor.predict(inputs))

    return score
