"""Rows of each Parquet row group: the unit by which the reader shares work among ranks."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from insight.errors import TableDamagedError
from insight.training.files import opened


def rows_per_group(files: Sequence[str]) -> list[int]:
    """Rows of every row group of the files, in the reader's order.

    Args:
        files: URLs, in the order the reader gets them.

    Raises:
        TableDamagedError: A file is gone.
    """
    footers = [_open(url).metadata for url in files]
    return [
        footer.row_group(i).num_rows for footer in footers for i in range(footer.num_row_groups)
    ]


def rows_per_shard(groups: Sequence[int], shards: int) -> list[int]:
    """Rows that each shard reads: Petastorm deals row groups out in turn."""
    return [sum(groups[shard::shards]) for shard in range(shards)]


def schema_of(file: str) -> pa.Schema:
    """The Arrow schema in a file's footer."""
    return _open(file).schema_arrow


def _open(url: str) -> pq.ParquetFile:
    filesystem, path = opened(url)
    try:
        return pq.ParquetFile(path, filesystem=filesystem)
    except FileNotFoundError as error:
        raise TableDamagedError(
            "training examples",
            found=f"a missing file: {url}",
            expected="every file of the version that the run is pinned to",
            next_step="run build_examples and train for this date; a run must not outlast "
            "maintenance.retention_hours",
        ) from error
