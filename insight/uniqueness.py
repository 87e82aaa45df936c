"""Which values are there more than once, at a fraction of what counting each of them costs."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from insight.partitions import shuffle_partitions, together_by

Ints = npt.NDArray[np.int64]

_RANGES_PER_PARTITION = 8
"""Ranges of values for each partition that a shuffle has: evenly spread, and joined by adaptive
execution where they are small."""

_VALUES_PER_BLOCK = 512
"""Values of a range that travel together, on average. Spark hands blocks to Python 50,000 at a
time: that is 200 MB at most, however many values there are."""


def per_repeated_value(values: DataFrame) -> DataFrame:
    """One row per value that is there more than once, in whichever column.

    Where nearly every value is its own group, a hash aggregation builds two maps of all of
    them, and a shuffle of rows of one number is mostly the rows. Here a task's values travel as
    sorted blocks of bytes, a range of values in each, and equal ones meet in sorted runs.

    Neither side holds more than a part of its values: the ranges are as many as the shuffle's
    partitions need, which a site sizes by its rows; blocks leave as soon as they are full; and
    one range after the other is compared.

    Args:
        values: Columns of bigint; nulls are nothing. Hash what is wider: values are expected to
            be spread over the whole range.

    Returns:
        ``value``: distinct, in no order.
    """
    partitions = shuffle_partitions(values.sparkSession)
    edges = range_edges(partitions * _RANGES_PER_PARTITION)
    values_at_once = (len(edges) + 1) * _VALUES_PER_BLOCK

    def in_blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts: list[Ints] = []
        for batch in batches:
            parts += [np.asarray(pc.drop_null(column)) for column in batch.columns]
            if sum(map(len, parts)) >= values_at_once:
                yield _blocks(np.sort(np.concatenate(parts)), edges)
                parts = []
        if parts:
            yield _blocks(np.sort(np.concatenate(parts)), edges)

    blocks = values.mapInArrow(in_blocks, "range int, block binary")
    # Sorted, so that a range is over when the next begins.
    by_range = together_by(blocks, "range").sortWithinPartitions("range")
    return by_range.mapInArrow(_repeated, "value bigint")


def range_edges(count: int) -> Ints:
    """Return the first values of all ranges but the lowest, of ``count`` even ones of int64."""
    return np.array([2**64 * number // count - 2**63 for number in range(1, count)], np.int64)


def _blocks(run: Ints, edges: Ints) -> pa.RecordBatch:
    """A sorted run as one block of bytes for each range that it has values of."""
    found = [
        (number, block.tobytes())
        for number, block in enumerate(np.split(run, np.searchsorted(run, edges)))
        if block.size
    ]
    ranges = pa.array([number for number, _ in found], pa.int32())
    blocks = pa.array([block for _, block in found], pa.binary())
    return pa.RecordBatch.from_arrays([ranges, blocks], names=["range", "block"])


def _repeated(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    pairs = (
        pair
        for batch in batches
        for pair in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    )
    for _, blocks in groupby(pairs, key=itemgetter(0)):
        run = np.sort(np.frombuffer(b"".join(block for _, block in blocks), np.int64))
        twice = np.unique(run[1:][run[1:] == run[:-1]])
        if twice.size:
            yield pa.RecordBatch.from_arrays([pa.array(twice)], names=["value"])
