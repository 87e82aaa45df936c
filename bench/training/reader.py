"""Examples into tensors: the product's reader, raw Arrow, and Petastorm's row reader."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf
from petastorm import make_reader
from petastorm.codecs import NdarrayCodec, ScalarCodec
from petastorm.etl.dataset_metadata import materialize_dataset
from petastorm.unischema import Unischema, UnischemaField, dict_to_spark_row
from pyspark.sql.types import LongType

from bench.next_item.data import write_examples
from bench.next_item.encoders import Task
from bench.record import Measure
from insight.spark import build_session
from insight.training.files import opened
from insight.training.reader import COLUMNS, Batches
from insight.training.shard import Shard

BATCH = 256
PASSES = 5
ROWS = 2000
"""For the row reader, which would take minutes for more."""


def reading_rates(task: Task, folder: Path) -> Iterator[Measure]:
    """Rows a second of each way, the median of some passes; the first one warms up."""
    files = write_examples(folder / "train", task.train)
    rows = len(task.train.items)
    batches = Batches(Shard(files, 0, 1), batch_size=BATCH)
    ours = _rate(rows, lambda: _read_by_product(batches))
    arrow = _rate(rows, lambda: _read_by_arrow(files))
    by_rows = _rate(ROWS, lambda: _read_by_rows(folder, task))
    note = f"rows a second: {ours:.0f}; Arrow {arrow:.0f}; row reader {by_rows:.0f}"
    yield Measure("training.reader_over_arrow", ours / arrow, "", 0.5, "higher", note)
    yield Measure("training.reader_over_row_reader", ours / by_rows, "", 10.0, "higher", note)


def _rate(rows: int, read: Callable[[], int]) -> float:
    seconds = []
    for _ in range(PASSES + 1):
        began = time.perf_counter()
        found = read()
        seconds.append(time.perf_counter() - began)
        assert found == rows, (found, rows)
    return rows / median(seconds[1:])


def _read_by_product(batches: Batches) -> int:
    """One epoch: the graph is traced once for all of them, files are opened in each."""
    with batches.read() as found:
        return sum(len(batch["features"]) for batch in found)


def _read_by_arrow(files: tuple[str, ...]) -> int:
    """Whole files into tensors of every column, lists as matrices."""
    rows = 0
    for url in files:
        storage, path = opened(url)
        table = pq.read_table(path, columns=list(COLUMNS), filesystem=storage)
        tensors = {name: _tensor(table[name].combine_chunks()) for name in COLUMNS}
        rows += len(tensors["features"])
    return rows


def _tensor(column: pa.Array) -> tf.Tensor:
    if pa.types.is_list(column.type):
        return tf.constant(column.flatten().to_numpy().reshape(len(column), -1))
    return tf.constant(column.to_numpy())


def _read_by_rows(folder: Path, task: Task) -> int:
    place = folder / "rows"
    if not place.exists():
        _write_rows(place, task)
    # With a pool of one thread it gives no rows at all here; in this thread it gives them all.
    with make_reader(place.as_uri(), reader_pool_type="dummy", num_epochs=1) as reader:
        return sum(len(tf.constant(row.item_indices)[None]) for row in reader)


def _write_rows(place: Path, task: Task) -> None:
    """The same sequences as Petastorm keeps rows: each value encoded by itself."""
    length = task.train.items.shape[1]
    shape = Unischema(
        "Rows",
        [
            UnischemaField("item_indices", np.int64, (length,), NdarrayCodec(), False),
            UnischemaField("next_item", np.int64, (), ScalarCodec(LongType()), False),
        ],
    )
    spark = build_session("bench-training")
    with materialize_dataset(spark, place.as_uri(), shape):
        rows = [
            dict_to_spark_row(shape, {"item_indices": items, "next_item": target})
            for items, target in zip(task.train.items[:ROWS], task.train.targets, strict=False)
        ]
        frame = spark.createDataFrame(rows, shape.as_spark_schema())
        frame.coalesce(1).write.parquet(place.as_uri())
    spark.stop()
