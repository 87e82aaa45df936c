"""Compares the files that a table's log lists with the files in its folder.

Both sides come as streams in one order. The driver holds the listing of one folder at a time, and
sums: a table of millions of files needs no more memory than its largest folder.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pyspark.sql import SparkSession

from insight.errors import TableDamagedError
from insight.maintenance.live_files import DataFile, Partition, live_files
from insight.storage import log_of, newest_snapshot, walk


@dataclass
class FileSums:
    """Number of files, and their bytes together."""

    files: int = 0
    bytes: int = 0

    def add(self, size: int) -> None:
        """Count one more file."""
        self.files += 1
        self.bytes += size


@dataclass
class LiveFiles:
    """The files of one version, summed.

    Args:
        sums: Of all files.
        small: Files below ``small_bytes`` by partition.
        without_statistics: Files that queries cannot skip.
        lost: Files that are missing, or have another size than was committed.
        first_lost: The first of them, and its size on disk (None: missing).
    """

    sums: FileSums = field(default_factory=FileSums)
    small: Counter[Partition] = field(default_factory=Counter)
    without_statistics: int = 0
    lost: int = 0
    first_lost: tuple[DataFile, int | None] | None = None

    def add(self, file: DataFile, *, on_disk: int | None, small_bytes: int) -> None:
        """Count one more file.

        Args:
            file: As the log lists it.
            on_disk: Its size in the folder; None if it is missing.
            small_bytes: A file with fewer bytes is small.
        """
        self.sums.add(file.size)
        if file.size < small_bytes:
            self.small[file.partition] += 1
        self.without_statistics += not file.has_statistics
        if on_disk != file.size:
            self.lost += 1
            self.first_lost = self.first_lost or (file, on_disk)


@dataclass(frozen=True)
class Holdings:
    """A table's files at one moment, summed.

    Args:
        version: Version of the table.
        live: The files of that version.
        on_disk: Every data file below the folder, dead ones too.
    """

    version: int
    live: LiveFiles
    on_disk: FileSums

    @property
    def has_dead_files(self) -> bool:
        """Whether the folder has files that this version does not need; none may be lost."""
        return self.on_disk.files > self.live.sums.files


class FolderListing:
    """The sizes of files, asked for in the order of a walk; it holds one folder's files.

    Args:
        folders: Relative paths of folders and their files' sizes, as ``walk`` yields them.
    """

    def __init__(self, folders: Iterable[tuple[str, Mapping[str, int]]]) -> None:
        self.sums = FileSums()
        self._folders = iter(folders)
        self._folder: list[str] | None = []
        self._sizes: Mapping[str, int] = {}
        self._advance()

    def size_of(self, path: str) -> int | None:
        """Size of a file in bytes; None if it is missing.

        Args:
            path: Relative to the walk's top; in the folder of the call before, or a later one.
        """
        *folder, name = path.split("/")
        while self._folder is not None and self._folder < folder:
            self._advance()
        return self._sizes.get(name) if self._folder == folder else None

    def sums_of_all(self) -> FileSums:
        """Walk to the end and return the sums of all files."""
        while self._folder is not None:
            self._advance()
        return self.sums

    def _advance(self) -> None:
        name, self._sizes = next(self._folders, (None, {}))
        # The top is the empty path, which splits into one empty name.
        self._folder = None if name is None else name.split("/") if name else []
        for size in self._sizes.values():
            self.sums.add(size)


def holdings_of(spark: SparkSession, folder: str, *, small_bytes: int = 0) -> Holdings:
    """Read a table's log and list its folder.

    Args:
        spark: The session.
        folder: The table's.
        small_bytes: A live file with fewer bytes is counted as small.
    """
    snapshot = newest_snapshot(spark, log_of(spark, folder))
    live, on_disk = compared(
        live_files(spark, snapshot), walk(spark, folder), small_bytes=small_bytes
    )
    return Holdings(int(snapshot.version()), live, on_disk)


def holdings_after(
    spark: SparkSession, folder: str, before: Holdings, *, rewritten: bool, removed: bool
) -> Holdings:
    """Return the holdings after maintenance; read again only what maintenance has changed.

    Args:
        spark: The session.
        folder: The table's.
        before: Its holdings before.
        rewritten: Whether live files were replaced.
        removed: Whether dead files were removed.
    """
    if rewritten:
        return holdings_of(spark, folder)
    version = int(newest_snapshot(spark, log_of(spark, folder)).version())
    on_disk = FolderListing(walk(spark, folder)).sums_of_all() if removed else before.on_disk
    return Holdings(version, before.live, on_disk)


def compared(
    files: Iterator[DataFile],
    folders: Iterable[tuple[str, Mapping[str, int]]],
    *,
    small_bytes: int,
) -> tuple[LiveFiles, FileSums]:
    """Look up each live file in the listing, and sum both sides.

    Args:
        files: Live files, in the order of the walk.
        folders: Folders and their files' sizes, as ``walk`` yields them.
        small_bytes: A file with fewer bytes is small.
    """
    live, listing = LiveFiles(), FolderListing(folders)
    for file in files:
        live.add(file, on_disk=listing.size_of(file.path), small_bytes=small_bytes)
    return live, listing.sums_of_all()


def refuse_lost_files(holdings: Holdings, subject: str) -> None:
    """Refuse a table that lacks files of its own: a count reads the log alone, and notices none.

    Raises:
        TableDamagedError: A live file is missing, or has another size than was committed.
    """
    live = holdings.live
    if live.first_lost:
        file, there = live.first_lost
        what = "missing" if there is None else f"{there} bytes instead of {file.size}"
        raise TableDamagedError(
            subject,
            found=f"{live.lost} of {live.sums.files} files lost, {file.path} is {what}",
            expected="every file that the table's log lists, as it was written",
            next_step="restore the table to a version before those files (jobs/maintain.py "
            "--restore), or rerun the dates they hold: docs/runbook.md",
        )
