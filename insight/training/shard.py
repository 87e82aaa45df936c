"""One rank's share of a split, row group by row group, as Petastorm reads it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from petastorm.arrow_reader_worker import ArrowReaderWorker, ArrowReaderWorkerResultsQueueReader
from petastorm.fs_utils import get_filesystem_and_path_or_paths
from petastorm.reader import Reader
from petastorm.workers_pool import EmptyResultError
from petastorm.workers_pool.thread_pool import ThreadPool

from insight.errors import TableContractError
from insight.models.arrays import Array
from insight.settings import LaunchSettings
from insight.training.row_groups import rows_per_group, rows_per_shard

Arrays = dict[str, Array]
"""Rows by column name: shape (rows,), or (rows, length) of lists."""

AS_USUAL = LaunchSettings()


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
def open_row_groups(
    shard: Shard, columns: Sequence[str], *, passes: int = 1, seed: int | None = None
) -> Iterator[Iterator[Arrays]]:
    """The row groups of a shard; the reader's threads end with the ``with`` block.

    Args:
        shard: What to read.
        columns: Of it.
        passes: How often it is read.
        seed: Shuffles row groups, alike in each pass, and the rows inside each. Without it, rows
            come in the order of the files.

    Yields:
        Rows of one group after another.

    Raises:
        TableDamagedError: A file is gone.
        TableContractError: The lists of a column differ in length.
    """
    # Petastorm would say of a file that is gone since that it is no file, and not which.
    shard.all_rows()
    shuffled = seed is not None
    # Petastorm takes a seed of 0 for none.
    draws = None if seed is None else seed + 1
    filesystem, paths = get_filesystem_and_path_or_paths(list(shard.files))
    reader = Reader(
        filesystem,
        paths,
        schema_fields=[f"^{name}$" for name in columns],
        # One worker: with more, the order depends on which is quicker.
        reader_pool=SteadyPool(
            1, shard.launch.queued_row_groups, shuffle_rows=shuffled, seed=draws
        ),
        worker_class=_Worker,
        is_batched_reader=True,
        seed=draws,
        shuffle_rows=shuffled,
        shuffle_row_groups=shuffled,
        num_epochs=passes,
        cur_shard=shard.rank,
        shard_count=shard.size,
    )
    try:
        yield reader
    finally:
        reader.stop()
        reader.join()


class _Matrices(ArrowReaderWorkerResultsQueueReader):  # type: ignore[misc]
    """Row groups as ``Arrays``: a list column is one flat array to begin with.

    Petastorm's own way makes an array of every row's list and stacks them, which takes longer
    than all the rest.
    """

    def read_next(self, workers_pool: Any, schema: Any, ngram: Any) -> Arrays:
        try:
            rows = workers_pool.get_results()
        except EmptyResultError:
            raise StopIteration from None
        return {name: _array(name, rows[name].combine_chunks()) for name in rows.column_names}


class SteadyPool(ThreadPool):  # type: ignore[misc]
    """A pool that is not done before the last row group has been handed to it.

    Petastorm's own asks first whether all that was handed out is done, and then whether all has
    been handed out: what is handed out between the two questions is lost, without a word.
    """

    def all_workers_done(self) -> bool:
        if self._ventilator is not None and not self._ventilator.completed():
            return False
        return bool(super().all_workers_done())


class _Worker(ArrowReaderWorker):  # type: ignore[misc]
    @staticmethod
    def new_results_queue_reader() -> _Matrices:
        return _Matrices()


def _array(name: str, column: pa.Array) -> Array:
    if not pa.types.is_list(column.type):
        return np.asarray(column)
    lengths = np.unique(np.diff(np.asarray(column.offsets)))
    if len(lengths) > 1:
        raise TableContractError(
            f"training examples, column {name}",
            found=f"lists of {lengths.min()} to {lengths.max()} elements",
            expected="lists of one length",
            next_step="run build_examples for this date again",
        )
    return np.asarray(column.flatten()).reshape(len(column), -1)
