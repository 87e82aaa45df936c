"""Streams the files that a table's log lists, in the order of a walk through its folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

Partition = tuple[tuple[str, str | None], ...]
"""Values of the partition columns, by name."""

FILES_FETCHED = 50_000
"""Files that the driver receives at once, about 15 MB."""


@dataclass(frozen=True)
class DataFile:
    """One live file of a table.

    Args:
        path: Below the table's folder.
        size: In bytes.
        partition: Values of the partition columns, by name.
        has_statistics: Whether queries can skip it by its columns' bounds.
    """

    path: str
    size: int
    partition: Partition
    has_statistics: bool


def live_files(
    spark: SparkSession, snapshot: Any, *, fetched: int = FILES_FETCHED
) -> Iterator[DataFile]:
    """Stream a snapshot's files: parent folders first, then by the names of the folders.

    A table with up to ``fetched`` files takes one job without a shuffle. A larger one is sorted
    across the executors and comes partition by partition.

    Args:
        spark: The session.
        snapshot: Delta's snapshot of the table.
        fetched: Files that the driver receives at once, about.
    """
    files = DataFrame(snapshot.allFiles().toDF(), spark).selectExpr(
        # The log holds URLs; a plus sign is no blank there.
        "url_decode(replace(path, '+', '%2B')) AS path",
        "size",
        "partitionValues",
        "coalesce(get_json_object(stats, '$.numRecords') IS NOT NULL, false) AS has_statistics",
    )
    # As arrays: "a-b" sorts before "a/b" as text, while a walk visits "a" and all below it first.
    order = (F.split(F.regexp_replace("path", "[^/]*$", ""), "/"), F.col("path"))
    parts = -(-_file_count(snapshot) // fetched)
    spread = files.coalesce(1) if parts <= 1 else files.repartitionByRange(parts, *order)
    for row in spread.sortWithinPartitions(*order).toLocalIterator():
        yield DataFile(
            path=row["path"],
            size=row["size"],
            partition=tuple(sorted(row["partitionValues"].items())),
            has_statistics=row["has_statistics"],
        )


def _file_count(snapshot: Any) -> int:
    """From the checksum beside the log's last entry; without one Delta counts in three jobs."""
    checksum = snapshot.checksumOpt()
    return int(checksum.get().numFiles() if checksum.isDefined() else snapshot.numOfFiles())
