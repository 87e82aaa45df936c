"""Counts in Spark which items follow which in the training window."""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.models.arrays import Indices
from insight.models.cooccurrence import (
    CoOccurrence,
    Pairs,
    PairWeights,
    pair_weights,
    scaled_pairs,
)

_PAIR = "item bigint, neighbour bigint, weight double"
_PACKED = np.dtype([("item", "<i4"), ("neighbour", "<i4"), ("weight", "<f8")])
_NOTHING = np.empty(0, _PACKED)

MOST_PAIRS = 20_000_000
"""Of all items together: two copies of 320 MB while they are fetched, 160 MB in the model."""


def count_pairs_of(examples: DataFrame, item_counts: Indices, pairs: PairWeights) -> CoOccurrence:
    """Pairs within each customer's newest training sequence.

    Args:
        examples: Training examples of the train split.
        item_counts: Events of every item index, shape (vocabulary size,).
        pairs: How a pair counts.
    """
    newest = examples.groupBy("customer_id").agg(
        F.max_by("item_indices", "cutoff_at").alias("item_indices")
    )
    counts = np.maximum(item_counts, 1)
    damping = pd.DataFrame(
        {"neighbour": np.arange(len(counts)), "damping": counts**-pairs.target_power}
    )
    popular = F.broadcast(examples.sparkSession.createDataFrame(damping))
    strength = F.col("weight") * F.col("damping")
    strongest = Window.partitionBy("item").orderBy(F.desc(strength), "neighbour")
    kept = (
        per_pair(newest, pairs)
        .join(popular, on="neighbour", how="inner")
        .withColumn("place", F.row_number().over(strongest))
        .where(F.col("place") <= pairs.neighbours)
    )
    return scaled_pairs(_fetched(kept.select("item", "neighbour", "weight")), item_counts, pairs)


def neighbours_for(vocabulary_size: int, *, most: int) -> int:
    """Neighbours kept per item, so that all items together have no more than ``MOST_PAIRS``.

    Args:
        vocabulary_size: Number of items.
        most: Kept in any case where the vocabulary is small.
    """
    return max(1, min(most, MOST_PAIRS // vocabulary_size))


def _fetched(pairs: DataFrame) -> Pairs:
    """The pairs, fetched partition by partition as packed arrays.

    A result of one job holds one partition, so ``spark.driver.maxResultSize`` limits a partition
    and not the sum; and a few arrays take a fraction of the memory of rows.
    """
    parts = [row["packed"] for row in pairs.mapInArrow(_packing, "packed binary").toLocalIterator()]
    packed = np.concatenate([np.frombuffer(part, _PACKED) for part in parts] or [_NOTHING])
    return Pairs(*(packed[name] for name in ("item", "neighbour", "weight")))


def _packing(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        packed = np.empty(batch.num_rows, _PACKED)
        for name in batch.schema.names:
            packed[name] = np.asarray(batch.column(name))
        yield pa.RecordBatch.from_pydict({"packed": pa.array([packed.tobytes()])})


def per_pair(sequences: DataFrame, pairs: PairWeights) -> DataFrame:
    """``item, neighbour, weight``: the sum over all sequences' ``item_indices``."""

    def counted(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            lists = batch.column(0)
            items = lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), -1)
            arrays = [pa.array(part) for part in pair_weights(items, pairs)]
            yield pa.RecordBatch.from_arrays(arrays, ["item", "neighbour", "weight"])

    found = sequences.select("item_indices").mapInArrow(counted, _PAIR)
    # Sums of doubles hang on their order; a rerun must choose the same neighbours.
    total = F.round(F.sum("weight"), 6).alias("weight")
    return found.groupBy("item", "neighbour").agg(total)
