"""Labelled snapshots as fixed-length, non-null rows: the training table's form."""

from collections.abc import Iterable, Iterator
from math import ceil

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.encoding.arrays import lists
from insight.encoding.features import FeatureStatistics
from insight.encoding.sequences import SEQUENCE_INPUTS, encode_sequences
from insight.encoding.tasks import YES_NO_TASKS
from insight.encoding.vocabulary import PADDING, Vocabulary
from insight.tables import TRAINING_EXAMPLES

_COPIED = (
    "customer_id",
    "cutoff_at",
    "campaign_id",
    "next_action",
    "has_next_action",
    "campaign_context",
    *(f"{prefix}{task}" for task in YES_NO_TASKS for prefix in ("", "has_")),
    "split",
    "run_date",
)
_MADE_BY_SPARK = ("row_checksum",)

ROWS_PER_FILE = 200_000
"""Of the training table at most, as planned: about 100 MB, which one task sorts in memory."""

FEWEST_FILES = 8
"""Enough for a few ranks to share a small table evenly."""


def encode_examples(
    labelled: DataFrame, vocabulary: Vocabulary, statistics: FeatureStatistics, *, length: int
) -> DataFrame:
    """Rows of training_examples from labelled snapshots, encoded as scoring encodes them."""
    fields = [c for c in TRAINING_EXAMPLES.columns if c.name not in _MADE_BY_SPARK]
    schema = ", ".join(f"{column.name} {column.type}" for column in fields)

    def encode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _encoded(batch, vocabulary, statistics, length)

    encoded = labelled.mapInArrow(encode, schema)
    checked = [c.name for c in fields if c.name not in TRAINING_EXAMPLES.partition_by]
    return encoded.withColumn("row_checksum", F.xxhash64(*checked)).select(
        *TRAINING_EXAMPLES.column_names
    )


def files_per_split(rows: int, *, ranks: int, files: int | None = None) -> int:
    """Return how many equal files the examples are written to: a whole number for each rank.

    Args:
        rows: Examples of all splits; no split has more.
        ranks: Processes that train together.
        files: The setting, which counts if given.
    """
    if files is not None:
        return files
    wanted = max(FEWEST_FILES, ceil(rows / ROWS_PER_FILE))
    return ranks * ceil(wanted / ranks)


def _encoded(
    batch: pa.RecordBatch, vocabulary: Vocabulary, statistics: FeatureStatistics, length: int
) -> pa.RecordBatch:
    column = {name: batch.column(i) for i, name in enumerate(batch.schema.names)}
    sequences = encode_sequences(column["events"], vocabulary, length=length)
    next_ids = column["next_item_id"]
    next_item = np.where(np.asarray(next_ids.is_valid()), vocabulary.encode(next_ids), PADDING)
    arrays: dict[str, pa.Array] = {name: column[name] for name in _COPIED}
    arrays |= {name: lists(sequences[name], pa.int64()) for name in SEQUENCE_INPUTS}
    arrays["features"] = lists(statistics.normalise(batch), pa.float32())
    arrays["next_item"] = pa.array(next_item)
    arrays["has_next_item"] = pa.array((next_item > 1).astype(np.float32))
    names = [c.name for c in TRAINING_EXAMPLES.columns if c.name not in _MADE_BY_SPARK]
    return pa.RecordBatch.from_arrays([arrays[name] for name in names], names=names)
