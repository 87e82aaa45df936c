"""Petastorm readers: one rank's share of a split as tensors, in an order that a seed gives."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import tensorflow as tf
from petastorm import make_batch_reader
from petastorm.reader import Reader
from petastorm.tf_utils import make_petastorm_dataset

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import CONTEXT_WIDTH
from insight.models.customer_model import MODEL_INPUTS
from insight.settings import LaunchSettings
from insight.training.buckets import Batch, by_length
from insight.training.plan import HEADS
from insight.training.row_groups import rows_per_group, rows_per_shard

LABELS = tuple(f"{prefix}{head}" for head in HEADS for prefix in ("", "has_"))
CHECKSUM = "row_checksum"
FIRST_PASS = "is_first_pass"
"""Added where a shard may be read more than once: whether a row comes for the first time."""

AS_USUAL = LaunchSettings()
COLUMNS = (*MODEL_INPUTS, *LABELS, CHECKSUM)


def batch_spec(feature_width: int) -> dict[str, tf.TensorSpec]:
    """A batch of any number of rows and events, without ``CHECKSUM``: one graph serves all."""
    sequences = dict.fromkeys(SEQUENCE_INPUTS, tf.TensorSpec((None, None), tf.int64))
    labels = dict.fromkeys(LABELS, tf.TensorSpec((None,), tf.float32))
    classes = dict.fromkeys(("next_item", "next_action"), tf.TensorSpec((None,), tf.int64))
    features = tf.TensorSpec((None, feature_width), tf.float32)
    context = tf.TensorSpec((None, CONTEXT_WIDTH), tf.float32)
    return {**sequences, "features": features, "campaign_context": context, **labels, **classes}


@dataclass(frozen=True)
class Shard:
    """One rank's share of a split.

    Args:
        files: URLs of the split's active files; the same list on every rank.
        rank: From 0.
        size: Number of ranks.
        launch: How far ahead is read.
    """

    files: tuple[str, ...]
    rank: int
    size: int
    launch: LaunchSettings = AS_USUAL

    def all_rows(self) -> list[int]:
        """Rows of every rank's share."""
        return rows_per_shard(rows_per_group(self.files), self.size)


@contextmanager
def open_shard(
    shard: Shard,
    *,
    batch_size: int,
    steps: int | None = None,
    seed: int | None = None,
    columns: Sequence[str] = COLUMNS,
) -> Iterator[tf.data.Dataset]:
    """Batches of a shard, by length; the reader's threads end with the ``with`` block.

    Sequences are as long as the longest of their batch.

    Args:
        shard: What to read.
        batch_size: Rows per batch.
        steps: Number of batches, all full; the shard is read again from its start as often as
            that takes. Without it: one pass, with a smaller last batch.
        seed: Shuffles row groups and the rows inside each; another one for each epoch. Without
            it, rows come in the order of the files.
        columns: What to read.

    Yields:
        A dataset of batches by column name.
    """
    rows = shard.all_rows()[shard.rank]
    passes = 1 if steps is None else math.ceil(steps * batch_size / rows)
    reader = _reader(shard, passes, seed, columns)
    try:
        dataset = make_petastorm_dataset(reader).map(lambda row: row._asdict())
        if steps is not None:
            dataset = _with_first_pass(dataset, rows)
        if "item_indices" in columns:
            most = rows if steps is None else steps * batch_size
            dataset = by_length(dataset, batch_size=batch_size, most_rows=most, seed=seed)
        else:
            dataset = dataset.rebatch(batch_size)
        yield dataset.prefetch(shard.launch.prefetched_batches)
    finally:
        reader.stop()
        reader.join()


def _with_first_pass(rows: tf.data.Dataset, total: int) -> tf.data.Dataset:
    """Adds ``FIRST_PASS``, before the order of rows is changed."""

    def marked(seen: tf.Tensor, batch: Batch) -> tuple[tf.Tensor, Batch]:
        count = tf.size(batch[CHECKSUM], out_type=tf.int64)
        return seen + count, {**batch, FIRST_PASS: seen + tf.range(count) < total}

    return rows.scan(tf.constant(0, tf.int64), marked)


def _reader(shard: Shard, passes: int, seed: int | None, columns: Sequence[str]) -> Reader:
    return make_batch_reader(
        list(shard.files),
        schema_fields=[f"^{name}$" for name in columns],
        # One worker: with more, the order depends on which is quicker.
        workers_count=1,
        results_queue_size=shard.launch.queued_row_groups,
        # Petastorm takes a seed of 0 for none.
        seed=None if seed is None else seed + 1,
        shuffle_rows=seed is not None,
        shuffle_row_groups=seed is not None,
        num_epochs=passes,
        cur_shard=shard.rank,
        shard_count=shard.size,
    )


def equal_steps(rows: Sequence[int], batch_size: int) -> int:
    """Batches per epoch for every rank: enough for the largest share to be read once."""
    return max(math.ceil(max(rows) / batch_size), 1)
