"""Which values are there more than once, at a fraction of what counting each of them costs."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def per_repeated_value(values: DataFrame) -> DataFrame:
    """One row per value that is there more than once.

    Where nearly every value is its own group, a hash aggregation builds two maps of all of
    them: measured on 22 million rows, 16 CPU-seconds. Sorted runs of integers take half.

    Args:
        values: One bigint column without nulls; hash what is wider.

    Returns:
        ``value``: distinct, in no order.
    """
    name = values.columns[0]

    def repeated(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = [np.asarray(batch.column(0)) for batch in batches]
        if parts:
            run = np.sort(np.concatenate(parts))
            twice = np.unique(run[1:][run[1:] == run[:-1]])
            yield pa.RecordBatch.from_arrays([pa.array(twice)], names=["value"])

    together = values.repartition(F.col(name))
    return together.mapInArrow(repeated, "value bigint")
