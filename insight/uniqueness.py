"""Which values are there more than once, at a fraction of what counting each of them costs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from insight.partitions import together_by

_BUCKETS = 64
_EDGES = np.arange(1 - _BUCKETS // 2, _BUCKETS // 2, dtype=np.int64) * (2**64 // _BUCKETS)


def per_repeated_value(values: DataFrame) -> DataFrame:
    """One row per value that is there more than once, in whichever column.

    Where nearly every value is its own group, a hash aggregation builds two maps of all of
    them, and a shuffle of rows of one number is mostly the rows. Here a task's values travel as
    a few sorted blocks of bytes, one for each range, and equal ones meet in sorted runs.

    Args:
        values: Columns of bigint; nulls are nothing. Hash what is wider: values are expected to
            be spread over the whole range.

    Returns:
        ``value``: distinct, in no order.
    """

    def in_blocks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = [np.asarray(pc.drop_null(column)) for batch in batches for column in batch.columns]
        if parts:
            run = np.sort(np.concatenate(parts))
            blocks = [block.tobytes() for block in np.split(run, np.searchsorted(run, _EDGES))]
            ranges = pa.array(range(_BUCKETS), pa.int32())
            yield pa.RecordBatch.from_arrays([ranges, pa.array(blocks)], names=["range", "block"])

    def repeated(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        by_range: dict[int, list[bytes]] = defaultdict(list)
        for batch in batches:
            for number, block in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            ):
                by_range[number].append(block)
        for blocks in by_range.values():
            run = np.sort(np.frombuffer(b"".join(blocks), np.int64))
            twice = np.unique(run[1:][run[1:] == run[:-1]])
            yield pa.RecordBatch.from_arrays([pa.array(twice)], names=["value"])

    blocks = values.mapInArrow(in_blocks, "range int, block binary")
    return together_by(blocks, "range").mapInArrow(repeated, "value bigint")
