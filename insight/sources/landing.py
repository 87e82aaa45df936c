"""The files below the landing folder that a declaration names, and no others."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.logs import logger
from insight.sources.entries import Entry, folder_entries, local_path
from insight.sources.patterns import FilePattern, file_patterns

log = logger(__name__)

_PART = re.compile(r"part-.*|\d{6}_\d+.*", re.DOTALL)
"""Names that Spark and Hive give to the files of one output."""

_TEMPORARY = "_temporary"
"""Folder in which Spark keeps the files of an output that it has not finished."""

_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff:\\]")
"""Characters in a name that Hadoop cannot take, or that break a line of a log."""


@dataclass(frozen=True)
class LandingFile:
    """A file as the folder's listing shows it.

    Args:
        url: Its full URL.
        path: Its path below the landing folder, which may move.
        file_bytes: Its size.
        state: As in ``Entry.state``.
    """

    url: str
    path: str
    file_bytes: int
    state: str


class Landing:
    """The landing folder during one run: each folder is listed once."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        """Take the folder's qualified URL."""
        self._spark = spark
        self._root = root.rstrip("/")
        local = local_path(self._root)
        self._real_root = None if local is None else os.path.realpath(local)
        self._listed: dict[str, list[Entry]] = {}
        self._entered: set[str] = set()
        self._taken: set[str] = set()

    def files(self, source: str, glob: str) -> list[LandingFile]:
        """The files of a source that a glob matches, by path.

        Of a folder that it matches, as Spark writes one, these are the part files.

        Raises:
            SourceFormatError: A name cannot be read, or a link leads out of the landing folder.
        """
        if self._real_root is not None:
            self._refuse_outside(source)
        found = {
            file.path: file
            for pattern in file_patterns(glob)
            for file in self._matching(source, pattern)
        }
        self._taken |= found.keys()
        return [found[path] for path in sorted(found)]

    def unmatched(self, source: str) -> list[str]:
        """Paths below a source's folder that no glob has matched so far; hidden ones apart.

        A folder that no glob leads into is one of them, and not listed.
        """
        known = self._entered | self._taken
        paths = (
            f"{folder}/{entry.name}{'/' * (entry.kind == 'folder')}"
            for folder in self._entered
            if folder == source or folder.startswith(f"{source}/")
            for entry in self._entries(folder)
            if f"{folder}/{entry.name}" not in known
            and not (_is_hidden(entry) or entry.name.startswith(("_", ".")))
        )
        # Nobody has refused these names yet, and they go to logs.
        return sorted(_UNREADABLE.sub("?", path) for path in paths)

    def _matching(self, source: str, pattern: FilePattern) -> Iterator[LandingFile]:
        folders = [source]
        self._entered.add(source)
        for part in pattern.parts[:-1]:
            folders = [
                f"{folder}/{entry.name}"
                for folder in folders
                for entry in self._entries(folder)
                if entry.kind == "folder" and part.fullmatch(entry.name)
                if self._is_usable(f"{folder}/{entry.name}", entry)
            ]
            self._entered.update(folders)
        for folder in folders:
            for entry in self._entries(folder):
                path = f"{folder}/{entry.name}"
                if not pattern.parts[-1].fullmatch(entry.name) or not self._is_usable(path, entry):
                    continue
                if entry.kind == "folder":
                    yield from self._parts(path)
                else:
                    yield self._file(path, entry)

    def _parts(self, folder: str) -> Iterator[LandingFile]:
        """The files of a folder that Spark wrote; none while it writes."""
        entries = self._entries(folder)
        if any(entry.name == _TEMPORARY for entry in entries):
            log.warning("passed over a folder that is being written", folder=folder)
            return
        parts = [
            (path, entry)
            for path, entry in ((f"{folder}/{entry.name}", entry) for entry in entries)
            if entry.kind != "folder" and _PART.fullmatch(entry.name)
            if self._is_usable(path, entry)
        ]
        if parts:
            self._entered.add(folder)
        # A task without rows leaves a file of no bytes; one alone is a delivery of no bytes.
        filled = [part for part in parts if part[1].length] or parts[:1]
        self._taken |= {path for path, _ in parts}
        yield from (self._file(path, entry) for path, entry in filled)

    def _file(self, path: str, entry: Entry) -> LandingFile:
        return LandingFile(f"{self._root}/{path}", path, entry.length, entry.state)

    def _entries(self, folder: str) -> list[Entry]:
        if folder not in self._listed:
            self._listed[folder] = folder_entries(self._spark, f"{self._root}/{folder}")
        return self._listed[folder]

    def _is_usable(self, path: str, entry: Entry) -> bool:
        """Whether an entry is to be read; an error if it must not be."""
        if _is_hidden(entry):
            log.warning("passed over a hidden file", file=path)
            return False
        refuse_unreadable_name(path)
        if entry.is_link:
            self._refuse_outside(path)
        if entry.kind == "other":
            raise SourceFormatError(
                f"landing file {path}",
                found="neither a file nor a folder: a link to nothing, a pipe or a device",
                expected="a file",
                next_step="put a copy of the file there, or remove it",
            )
        return True

    def _refuse_outside(self, path: str) -> None:
        """Refuse a link that leads out of the landing folder."""
        found = "a symbolic link, whose target this file system does not show"
        if self._real_root is not None:
            target = os.path.realpath(f"{local_path(self._root)}/{path}")
            if os.path.commonpath([target, self._real_root]) == self._real_root:
                return
            found = f"a symbolic link to {target}, outside of the landing folder"
        raise SourceFormatError(
            f"landing file {path}",
            found=found,
            expected=f"files below {self._root}",
            next_step="put a copy of the file there, or mount the folder",
        )


def refuse_unreadable_name(path: str) -> None:
    """Refuse a path that Hadoop would read as another one.

    Raises:
        SourceFormatError: A name in the path holds such a character.
    """
    if _UNREADABLE.search(path):
        raise SourceFormatError(
            f"landing file {path!r}",
            found="a colon, backslash, line break or other control character in its name",
            expected="a name that every file system and log can hold",
            next_step="rename the file",
        )


def _is_hidden(entry: Entry) -> bool:
    """Whether Spark would read no rows of it: a file that is being written has such a name."""
    name = entry.name
    return entry.kind != "folder" and (name.startswith(("_", ".")) or name.endswith("._COPYING_"))
