"""Landing files that earlier runs have read, and whether they still hold what was read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pyspark.sql import Row

from insight.delta import Lake
from insight.errors import SourceFormatError
from insight.logs import logger
from insight.sources.inspection import FileFacts, hash_files
from insight.sources.landing import LandingFile
from insight.tables import INGEST_LOG

log = logger(__name__)

Key = tuple[str, str, str]
"""Source, feed, and path below the landing folder."""


@dataclass(frozen=True)
class ReadFiles:
    """The rows of ``ingest_log`` as one run sees them.

    Args:
        rows: All rows.
        run_date: The run's date.
    """

    rows: tuple[Row, ...]
    run_date: date

    @cached_property
    def by_others(self) -> dict[Key, Row]:
        """Files that runs of other dates have read."""
        return {_key(row): row for row in self.rows if row["ingest_date"] != self.run_date}

    @cached_property
    def by_this_date(self) -> dict[Key, Row]:
        """Files that earlier runs of this date have read."""
        return {_key(row): row for row in self.rows if row["ingest_date"] == self.run_date}


def read_files(lake: Lake) -> ReadFiles:
    """Read the log; one query."""
    return ReadFiles(tuple(lake.read_or_empty(INGEST_LOG).collect()), lake.run_date)


def refuse_replaced(
    lake: Lake, files: Mapping[Key, LandingFile], read: ReadFiles, *, accept_changed: bool
) -> list[Row]:
    """Refuse files that another date's run has read and that hold other content now.

    The bytes are read only where the file system shows that a file was written to, although its
    size is the same.

    Args:
        lake: The lake.
        files: Files in the landing folder that runs of other dates have read.
        read: The log.
        accept_changed: Whether to go on with a warning. Each date replaces its own rows, so of
            several changed files all but one belong to dates that run later.

    Returns:
        The log's rows of files that were written to and hold the same content, with the state
        that they have now.

    Raises:
        SourceFormatError: A file holds other content than when it was read.
    """
    replaced, suspects = [], {}
    for key, file in files.items():
        row = read.by_others[key]
        if row["file_bytes"] != file.file_bytes:
            found, expected = (f"{size} bytes" for size in (file.file_bytes, row["file_bytes"]))
            replaced.append(_replaced(file, row, found, expected))
        elif row["file_state"] != file.state:
            suspects[key] = file
    hashes = (
        _hashes_of(lake, suspects.values()) if suspects and (accept_changed or not replaced) else {}
    )
    equal = []
    for key, file in suspects.items():
        row = read.by_others[key]
        if hashes.get(file.url) == row["content_hash"]:
            equal.append(Row(**(row.asDict() | {"file_state": file.state})))
        else:
            replaced.append(
                _replaced(file, row, "other content of the same size", "the content it had")
            )
    if replaced and not accept_changed:
        raise replaced[0]
    for error in replaced:
        log.warning("file replaced since another date read it", message=str(error))
    return equal


def refuse_changed(
    found: Mapping[Key, FileFacts], read: ReadFiles, *, accept_changed: bool
) -> None:
    """Refuse files of this date that hold other content than when this date was run before.

    Files may have been archived since; but new ones beside them cannot be read without losing
    the rows of those that are gone.

    Args:
        found: This date's files in the landing folder.
        read: The log.
        accept_changed: Whether changed content replaces what was read.

    Raises:
        SourceFormatError: A file has changed, or some are gone and others have come.
    """
    before = read.by_this_date
    changed = [
        facts
        for key, facts in found.items()
        if key in before and before[key]["content_hash"] != facts.content_hash
    ]
    if changed and not accept_changed:
        raise SourceFormatError(
            f"landing file {changed[0].file}",
            found=f"other content than the run of {read.run_date} has read before",
            expected="the same content: a file once read must not change",
            next_step="deliver corrections as a new file; or run this date again with"
            " ingest.accept_changed_files=true, which replaces its rows",
        )
    gone = sorted(path for _, _, path in before.keys() - found.keys())
    fresh = sorted(path for _, _, path in found.keys() - before.keys())
    fresh += [facts.file for facts in changed]
    if gone and fresh:
        raise SourceFormatError(
            f"landing file {gone[0]}",
            found=f"no such file, and new or changed ones ({', '.join(fresh)})",
            expected=f"all {len(before)} files that {read.run_date} has read, or none but those",
            next_step="put it back, or deliver the new ones for another date",
        )


def refuse_gone(found: Collection[Key], read: ReadFiles) -> None:
    """Refuse to read a date's files again if some of them are gone: their rows would be lost.

    Args:
        found: This date's files in the landing folder.
        read: The log.

    Raises:
        SourceFormatError: A file that this date has read is not there.
    """
    before = read.by_this_date
    gone = sorted(path for _, _, path in before.keys() - set(found))
    if gone:
        raise SourceFormatError(
            f"landing file {gone[0]}",
            found=f"no such file ({len(gone)} of {len(before)} are gone)",
            expected=f"all files that {read.run_date} has read, to read them again",
            next_step="put them back, or run the date without ingest.read_again",
        )


def holds_nothing_new(found: Mapping[Key, str], read: ReadFiles, *, column: str) -> bool:
    """Whether this date has read before all that is there now, by a column of the log.

    Args:
        found: This date's files in the landing folder, and what the column would hold.
        read: The log.
        column: ``file_state``, which is known without reading, or ``content_hash``.
    """
    before = read.by_this_date
    return bool(before) and all(
        key in before and before[key][column] == value for key, value in found.items()
    )


def dates_of(rows: Iterable[Row]) -> set[date]:
    """The run dates that read these files."""
    return {row["ingest_date"] for row in rows}


def _hashes_of(lake: Lake, files: Iterable[LandingFile]) -> dict[str, str]:
    urls = sorted({file.url for file in files})
    log.warning("files were written to since they were read; comparing content", files=len(urls))
    return hash_files(lake.spark, urls)


def _replaced(file: LandingFile, row: Row, found: str, expected: str) -> SourceFormatError:
    return SourceFormatError(
        f"landing file {file.url}",
        found=found,
        expected=f"{expected}, as when it was read",
        next_step="deliver corrections as a new file; a file once read must not change. If this"
        f" content is to be taken, run {row['ingest_date']} again with"
        " ingest.accept_changed_files=true",
    )


def _key(row: Row) -> Key:
    return row["source"], row["feed"], row["file"]
