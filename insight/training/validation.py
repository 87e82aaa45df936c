"""How good the model is on the validation split: the whole catalogue ranked, nothing sampled."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from insight.models.arrays import NEVER, Array, Doubles
from insight.models.customer_model import CustomerModel, Encoding
from insight.models.ranking import Wishes, score_all_items
from insight.training.blending import Scored
from insight.training.buckets import Batch
from insight.training.group import RankGroup
from insight.training.plan import TASKS, Answers, ReadCount
from insight.training.reader import CHECKSUM, Shard, batch_spec, open_shard
from insight.training.yes_no import cross_entropy

BLOCK_CELLS = 8_000_000
"""Item scores held in memory at once: 32 MB."""
LARGEST_BATCH = 256
CUT = 10


@dataclass
class Validation:
    """Sums over the rows of this rank, and what calibration needs of each row."""

    read: ReadCount = field(default_factory=ReadCount)
    sums: Doubles = field(default_factory=lambda: np.zeros(8))
    logits: dict[str, list[Array]] = field(default_factory=lambda: {t: [] for t in TASKS})
    labels: dict[str, list[Array]] = field(default_factory=lambda: {t: [] for t in TASKS})
    masks: dict[str, list[Array]] = field(default_factory=lambda: {t: [] for t in TASKS})

    def metrics(self, group: RankGroup) -> dict[str, float]:
        """Means over the rows of all ranks.

        Returns:
            ``next_item_loss``, ``purchase_loss``, ``churn_loss`` (nats), ``hit_rate_10`` and
            ``ndcg_10``.
        """
        losses_and_hits, counts = np.split(group.total(self.sums), [5])
        counts = np.maximum(counts[[0, 1, 2, 0, 0]], 1.0)
        names = ("next_item_loss", "purchase_loss", "churn_loss", "hit_rate_10", "ndcg_10")
        return dict(zip(names, map(float, losses_and_hits / counts), strict=True))

    def answers(self) -> Answers:
        """Logits, labels and masks of this rank's rows."""
        return Answers(*(_joined(parts) for parts in (self.logits, self.labels, self.masks)))


class Validator:
    """Measures a model on one rank's share of the validation split, or of another."""

    def __init__(self, model: CustomerModel, shard: Shard) -> None:
        self._model = model
        self._shard = shard
        self._batch = max(1, min(LARGEST_BATCH, BLOCK_CELLS // model.shape.vocabulary_size))
        spec = batch_spec(model.shape.feature_width)
        self._graph = tf.function(self._measure, input_signature=[spec])
        self._scores = tf.function(
            lambda batch: self._of_all_items(self._model(batch, training=False), batch),
            input_signature=[spec],
        )

    def run(self, shard: Shard | None = None) -> Validation:
        """One pass over the share; another split's, where it is given."""
        found = Validation()
        with open_shard(shard or self._shard, batch_size=self._batch) as batches:
            for batch in batches:
                found.read = found.read.plus(ReadCount.of(batch.pop(CHECKSUM).numpy()))
                sums, purchase, churn = self._graph(batch)
                found.sums = found.sums + sums.numpy()
                for task, logits in zip(TASKS, (purchase, churn), strict=True):
                    found.logits[task].append(logits.numpy())
                    found.labels[task].append(batch[task].numpy())
                    found.masks[task].append(batch[f"has_{task}"].numpy())
        return found

    def scored(self) -> Iterator[Scored]:
        """The rows that ask for a next item, with the model's scores."""
        with open_shard(self._shard, batch_size=self._batch) as batches:
            for batch in batches:
                batch.pop(CHECKSUM)
                asks = batch["has_next_item"].numpy() > 0
                logits = self._scores(batch).numpy()[asks]
                items, targets = batch["item_indices"].numpy(), batch["next_item"].numpy()
                yield Scored(logits, items[asks], targets[asks])

    def _measure(self, batch: Batch) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        encoding = self._model(batch, training=False)
        scores = self._of_all_items(encoding, batch)
        wanted = tf.gather(scores, batch["next_item"], batch_dims=1)
        # An item that may not be recommended is no question that the model can answer.
        asked = tf.cast(wanted > NEVER, tf.float32) * batch["has_next_item"]
        loss = tf.reduce_logsumexp(scores, axis=1) - wanted
        better = tf.reduce_sum(tf.cast(scores >= wanted[:, None], tf.float32), axis=1)
        hit = tf.cast(better <= CUT, tf.float32)
        gain = hit * tf.math.log(2.0) / tf.math.log(1.0 + better)
        sums = [tf.reduce_sum(loss * asked)]
        for task, logits in zip(TASKS, (encoding.purchase, encoding.churn), strict=True):
            of_rows = cross_entropy(tf.reduce_sum(logits, axis=1), batch[task])
            sums.append(tf.reduce_sum(of_rows * batch[f"has_{task}"]))
        sums += [tf.reduce_sum(hit * asked), tf.reduce_sum(gain * asked), tf.reduce_sum(asked)]
        sums += [tf.reduce_sum(batch[f"has_{task}"]) for task in TASKS]
        return tf.cast(tf.stack(sums), tf.float64), encoding.purchase, encoding.churn

    def _of_all_items(self, encoding: Encoding, batch: Batch) -> tf.Tensor:
        wishes = Wishes(
            encoding.queries[:, 0],
            encoding.repeats[:, 0],
            encoding.category_gains[:, 0],
            batch["item_indices"],
        )
        repeats = self._model.shape.repeats
        return score_all_items(wishes, self._model.items.whole(), repeats=repeats)


def _joined(parts: dict[str, list[Array]]) -> dict[str, Array]:
    return {task: np.concatenate(of_batches) for task, of_batches in parts.items()}
