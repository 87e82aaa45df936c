"""A rank's share of a split as tensors, batch by batch, in an order that a seed gives."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import tensorflow as tf

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import CONTEXT_WIDTH
from insight.errors import InsightError
from insight.models.customer_model import MODEL_INPUTS
from insight.training.buckets import by_length
from insight.training.plan import HEADS
from insight.training.row_groups import schema_of
from insight.training.shard import Arrays, Shard, open_row_groups

LABELS = tuple(f"{prefix}{head}" for head in HEADS for prefix in ("", "has_"))
CHECKSUM = "row_checksum"
FIRST_PASS = "is_first_pass"
"""Added where a shard may be read more than once: whether a row comes for the first time."""

COLUMNS = (*MODEL_INPUTS, *LABELS, CHECKSUM)


def batch_spec(feature_width: int) -> dict[str, tf.TensorSpec]:
    """A batch of any number of rows and events, without ``CHECKSUM``: one graph serves all."""
    sequences = dict.fromkeys(SEQUENCE_INPUTS, tf.TensorSpec((None, None), tf.int64))
    labels = dict.fromkeys(LABELS, tf.TensorSpec((None,), tf.float32))
    classes = dict.fromkeys(("next_item", "next_action"), tf.TensorSpec((None,), tf.int64))
    features = tf.TensorSpec((None, feature_width), tf.float32)
    context = tf.TensorSpec((None, CONTEXT_WIDTH), tf.float32)
    return {**sequences, "features": features, "campaign_context": context, **labels, **classes}


class Batches:
    """Batches of a shard by length, as tensors: read as often as is liked, traced once.

    Args:
        shard: What to read.
        batch_size: Rows per batch.
        steps: Number of batches, all full; the shard is read again from its start as often as
            that takes, and ``FIRST_PASS`` is added. Without it: one pass, with a smaller last
            batch.
    """

    def __init__(self, shard: Shard, *, batch_size: int, steps: int | None = None) -> None:
        self._shard, self._batch_size, self._steps = shard, batch_size, steps
        self._rows = shard.all_rows()[shard.rank]
        self._opened: Iterator[Arrays] = iter(())
        spec = _spec_of(schema_of(shard.files[0]))
        if steps is not None:
            spec[FIRST_PASS] = tf.TensorSpec((None,), tf.bool)
        # Arrays are cut and sorted before they are tensors: an operation of TensorFlow for each
        # column of each batch takes several times as long.
        dataset = tf.data.Dataset.from_generator(lambda: self._opened, output_signature=spec)
        # In TensorFlow's own pool, which has one thread where a rank has, reading and learning
        # would wait for each other, and with them all other ranks.
        options = tf.data.Options()
        options.threading.private_threadpool_size = 1
        self._dataset = dataset.prefetch(shard.launch.prefetched_batches).with_options(options)

    @contextmanager
    def read(self, seed: int | None = None) -> Iterator[tf.data.Dataset]:
        """The batches; the reader's threads end with the ``with`` block.

        Args:
            seed: Shuffles row groups, the rows inside each, and batches; another one for each
                epoch. Without it, windows of rows come in the order of the files.

        Yields:
            A dataset of batches by column name, to be read once.

        Raises:
            InsightError: What was read cannot be learned from, or is gone.
        """
        most = self._rows if self._steps is None else self._steps * self._batch_size
        passes = math.ceil(most / self._rows)
        with open_row_groups(self._shard, COLUMNS, passes=passes, seed=seed) as groups:
            rows = groups if self._steps is None else _with_first_pass(groups, self._rows)
            batches = by_length(rows, batch_size=self._batch_size, most_rows=most, seed=seed)
            refusals: list[InsightError] = []
            self._opened = _noting(refusals, batches)
            try:
                yield self._dataset
            except tf.errors.OpError as error:
                # TensorFlow says of an error in the reader's thread only where it stood.
                if refusals:
                    raise refusals[0] from error
                raise


def _noting(refusals: list[InsightError], batches: Iterator[Arrays]) -> Iterator[Arrays]:
    try:
        yield from batches
    except InsightError as error:
        refusals.append(error)
        raise


def _with_first_pass(groups: Iterator[Arrays], rows: int) -> Iterator[Arrays]:
    """Adds ``FIRST_PASS``, before the order of rows is changed."""
    seen = 0
    for group in groups:
        count = len(group[CHECKSUM])
        yield {**group, FIRST_PASS: np.arange(seen, seen + count) < rows}
        seen += count


def _spec_of(schema: pa.Schema) -> dict[str, tf.TensorSpec]:
    """Of ``COLUMNS``: rows, and lists of any length."""
    spec = {}
    for name in COLUMNS:
        kind = schema.field(name).type
        is_list = pa.types.is_list(kind)
        values = (kind.value_type if is_list else kind).to_pandas_dtype()
        spec[name] = tf.TensorSpec((None, None) if is_list else (None,), tf.as_dtype(values))
    return spec


def equal_steps(rows: list[int], batch_size: int) -> int:
    """Batches per epoch for every rank: enough for the largest share to be read once."""
    return max(math.ceil(max(rows) / batch_size), 1)
