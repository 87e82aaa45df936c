"""How good the model is on the validation split: the whole catalogue ranked, nothing sampled."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from insight.encoding.tasks import YES_NO_TASKS
from insight.models.arrays import NEVER, Array, Doubles, Indices
from insight.models.customer_model import CustomerModel, Encoding
from insight.models.ranking import Wishes, score_all_items
from insight.models.repeats import seen_of
from insight.training.blending import Scored
from insight.training.group import RankGroup
from insight.training.losses import Batch
from insight.training.plan import CALIBRATED, CHECKSUM_MODULUS, HEADS, Answers, ReadCount
from insight.training.reader import CHECKSUM, Batches, batch_spec
from insight.training.shard import Shard
from insight.training.yes_no import cross_entropy

BLOCK_CELLS = 8_000_000
"""Item scores held in memory at once: 32 MB."""
LARGEST_BATCH = 256
CUT = 10

_OVER = {f"{head}_loss": head for head in HEADS} | {
    "hit_rate_10": "next_item",
    "ndcg_10": "next_item",
    "next_action_accuracy": "next_action",
}
"""Metric to the head whose rows it is a mean over."""


def _of_no_rows() -> dict[str, list[Array]]:
    return {head: [] for head in CALIBRATED}


@dataclass
class Validation:
    """Sums over the rows of this rank, and what calibration needs of a sample of them."""

    read: ReadCount = field(default_factory=ReadCount)
    sums: Doubles = field(default_factory=lambda: np.zeros(len(_OVER) + len(HEADS)))
    logits: dict[str, list[Array]] = field(default_factory=_of_no_rows)
    labels: dict[str, list[Array]] = field(default_factory=_of_no_rows)
    masks: dict[str, list[Array]] = field(default_factory=_of_no_rows)

    def metrics(self, group: RankGroup) -> dict[str, float]:
        """Means over the rows of all ranks.

        Returns:
            A ``<head>_loss`` of each head (nats), ``hit_rate_10``, ``ndcg_10`` and
            ``next_action_accuracy``; 0 where there are no rows.
        """
        sums, counts = np.split(group.total(self.sums), [len(_OVER)])
        rows = dict(zip(HEADS, np.maximum(counts, 1.0), strict=True))
        return {
            name: float(total / rows[head])
            for (name, head), total in zip(_OVER.items(), sums, strict=True)
        }

    def answers(self) -> Answers:
        """Logits, labels and masks of the sampled rows among this rank's."""
        return Answers(*(_joined(parts) for parts in (self.logits, self.labels, self.masks)))


class Validator:
    """Measures a model on one rank's share of the validation split, or of another.

    Metrics are of all rows. Calibration fits a few numbers, and gets a sample of about
    ``most_answers`` rows of all ranks: those with the lowest checksums, which hash the whole row.

    Args:
        model: What is measured.
        shard: This rank's share of the validation split.
        most_answers: Rows of a split, over all ranks, that calibration gets; all if there are
            no more.
    """

    def __init__(self, model: CustomerModel, shard: Shard, *, most_answers: int = 100_000) -> None:
        self._model = model
        self._most_answers = most_answers
        self._rows = max(1, min(LARGEST_BATCH, BLOCK_CELLS // model.shape.vocabulary_size))
        self._shard, self._batches = shard, self._of(shard)
        spec = batch_spec(model.shape.feature_width)
        self._graph = tf.function(self._measure, input_signature=[spec], autograph=False)
        self._scores = tf.function(
            lambda batch: self._of_all_items(self._model(batch, training=False), batch),
            input_signature=[spec],
            autograph=False,
        )

    def run(self, shard: Shard | None = None) -> Validation:
        """One pass over the share; another split's, where it is given."""
        found = Validation()
        share = self._most_answers / sum((shard or self._shard).all_rows())
        with (self._of(shard) if shard else self._batches).read() as batches:
            for batch in batches:
                checksums = batch.pop(CHECKSUM).numpy()
                found.read = found.read.plus(ReadCount.of(checksums))
                sums, logits = self._graph(batch)
                found.sums = found.sums + sums.numpy()
                sampled = is_sampled(checksums, share)
                for head in CALIBRATED:
                    found.logits[head].append(logits[head].numpy()[sampled])
                    found.labels[head].append(batch[head].numpy()[sampled])
                    found.masks[head].append(batch[f"has_{head}"].numpy()[sampled])
        return found

    def scored(self) -> Iterator[Scored]:
        """The rows that ask for a next item, with the model's scores."""
        with self._batches.read() as batches:
            for batch in batches:
                batch.pop(CHECKSUM)
                asks = batch["has_next_item"].numpy() > 0
                logits = self._scores(batch).numpy()[asks]
                items, targets = batch["item_indices"].numpy(), batch["next_item"].numpy()
                yield Scored(logits, items[asks], targets[asks])

    def _of(self, shard: Shard) -> Batches:
        return Batches(shard, batch_size=self._rows)

    def _measure(self, batch: Batch) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Sums in the order of ``_OVER``, then rows by head; and the calibrated heads' logits."""
        encoding = self._model(batch, training=False)
        logits = dict(zip(YES_NO_TASKS, tf.unstack(encoding.yes_no, axis=1), strict=True))
        logits["next_action"] = encoding.next_action
        sums, rows = self._of_next_item(encoding, batch)
        for task in YES_NO_TASKS:
            losses = cross_entropy(tf.reduce_sum(logits[task], axis=1), batch[task])
            sums[f"{task}_loss"] = tf.reduce_sum(losses * batch[f"has_{task}"])
        sums |= _of_next_action(encoding.next_action, batch)
        rows |= {head: tf.reduce_sum(batch[f"has_{head}"]) for head in CALIBRATED}
        ordered = [*(sums[name] for name in _OVER), *(rows[head] for head in HEADS)]
        return tf.cast(tf.stack(ordered), tf.float64), logits

    def _of_next_item(
        self, encoding: Encoding, batch: Batch
    ) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        scores = self._of_all_items(encoding, batch)
        wanted = tf.gather(scores, batch["next_item"], batch_dims=1)
        # An item that may not be recommended is no question that the model can answer.
        asked = tf.cast(wanted > NEVER, tf.float32) * batch["has_next_item"]
        loss = tf.reduce_logsumexp(scores, axis=1) - wanted
        better = tf.reduce_sum(tf.cast(scores >= wanted[:, None], tf.float32), axis=1)
        hit = tf.cast(better <= CUT, tf.float32)
        gain = hit * tf.math.log(2.0) / tf.math.log(1.0 + better)
        values = {"next_item_loss": loss, "hit_rate_10": hit, "ndcg_10": gain}
        sums = {name: tf.reduce_sum(each * asked) for name, each in values.items()}
        return sums, {"next_item": tf.reduce_sum(asked)}

    def _of_all_items(self, encoding: Encoding, batch: Batch) -> tf.Tensor:
        shape = self._model.shape
        repeats = shape.repeats
        wishes = Wishes(
            encoding.queries[:, 0],
            encoding.repeats[:, 0],
            encoding.category_gains[:, 0],
            batch["item_indices"] if repeats else seen_of(shape, batch),
        )
        return score_all_items(wishes, self._model.items.whole(), repeats=repeats)


def _of_next_action(logits: tf.Tensor, batch: Batch) -> dict[str, tf.Tensor]:
    labels, has_label = batch["next_action"], batch["has_next_action"]
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    right = tf.cast(tf.argmax(logits, axis=1) == labels, tf.float32)
    return {
        "next_action_loss": tf.reduce_sum(losses * has_label),
        "next_action_accuracy": tf.reduce_sum(right * has_label),
    }


def is_sampled(checksums: Indices, share: float) -> Array:
    """Whether each row is among a share of all rows, by its checksum; shape (rows,).

    The same rows are sampled whatever the number of ranks, and in every pass.

    Args:
        checksums: Uniform 64-bit hashes, as int64, shape (rows,).
        share: Above 0; from 1 on, every row is sampled.
    """
    places = checksums.astype(np.uint64) / CHECKSUM_MODULUS
    return np.asarray((places < share) | (share >= 1.0))


def _joined(parts: dict[str, list[Array]]) -> dict[str, Array]:
    return {head: np.concatenate(of_batches) for head, of_batches in parts.items()}
