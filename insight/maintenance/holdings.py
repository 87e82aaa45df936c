"""What a table's log says it holds, beside what lies in its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from pyspark.sql import DataFrame, SparkSession

from insight.errors import TableDamagedError
from insight.storage import files_below, log_of, newest_snapshot


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
    partition: tuple[tuple[str, str | None], ...]
    has_statistics: bool


@dataclass(frozen=True)
class Holdings:
    """A table's files at one moment.

    Args:
        version: Version of the table.
        live: The files of that version.
        on_disk: Every data file below the folder, dead ones too, and its size in bytes.
    """

    version: int
    live: tuple[DataFile, ...]
    on_disk: Mapping[str, int]

    @property
    def has_dead_files(self) -> bool:
        """Whether files lie there that this version does not need."""
        return bool(self.on_disk.keys() - {file.path for file in self.live})

    @property
    def bytes_live(self) -> int:
        return sum(file.size for file in self.live)

    @property
    def bytes_on_disk(self) -> int:
        return sum(self.on_disk.values())


def holdings_of(spark: SparkSession, folder: str) -> Holdings:
    """Read a table's log and list its folder."""
    snapshot = newest_snapshot(spark, log_of(spark, folder))
    files = DataFrame(snapshot.allFiles().toDF(), spark).selectExpr(
        "path",
        "size",
        "partitionValues",
        "coalesce(get_json_object(stats, '$.numRecords') IS NOT NULL, false) AS has_statistics",
    )
    live = tuple(
        DataFile(
            path=unquote(row["path"]),
            size=row["size"],
            partition=tuple(sorted(row["partitionValues"].items())),
            has_statistics=row["has_statistics"],
        )
        for row in files.collect()
    )
    below = files_below(spark, folder)
    # What begins with _ or . is no data: the log, checksums, a writer's scratch files.
    data = {path: size for path, size in below.items() if not _is_hidden(path)}
    return Holdings(int(snapshot.version()), live, data)


def refuse_lost_files(holdings: Holdings, subject: str) -> None:
    """Refuse a table that lacks files of its own: a count reads the log alone, and notices none.

    Raises:
        TableDamagedError: A live file is missing, or has another size than was committed.
    """
    lost = [file for file in holdings.live if holdings.on_disk.get(file.path) != file.size]
    if lost:
        there = holdings.on_disk.get(lost[0].path)
        what = "missing" if there is None else f"{there} bytes instead of {lost[0].size}"
        raise TableDamagedError(
            subject,
            found=f"{len(lost)} of {len(holdings.live)} files lost, {lost[0].path} is {what}",
            expected="every file that the table's log lists, as it was written",
            next_step="restore the table to a version before those files (jobs/maintain.py "
            "--restore), or rerun the dates they hold: docs/runbook.md",
        )


def _is_hidden(path: str) -> bool:
    return any(part.startswith(("_", ".")) for part in path.split("/"))
