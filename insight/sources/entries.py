"""Lists folders of the landing area, and tells whether a file is still the one it was."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from pyspark.sql import SparkSession

from insight.storage import opened

Marked = tuple[tuple[Any, str], ...]

_MARKS = {
    "org.apache.hadoop.fs.EtagSource": "getEtag",
    "org.apache.hadoop.hdfs.protocol.HdfsFileStatus": "getFileId",
}
"""An object's entity tag changes with its content; a file that replaces another has its own id."""


@dataclass(frozen=True)
class Entry:
    """One entry of a folder.

    Args:
        name: Its last name.
        kind: What it is, through a link.
        is_link: Whether it is a symbolic link.
        length: Size in bytes; 0 for a folder.
        state: Length, modification time and, where the file system has one, a mark of this very
            content: the entity tag of an object; the file's id on HDFS; the inode and its last
            change on a local disk, which no program can set back.
    """

    name: str
    kind: Literal["file", "folder", "other"]
    is_link: bool
    length: int
    state: str


def folder_entries(spark: SparkSession, folder: str) -> list[Entry]:
    """List a folder by name; empty if there is no such folder.

    Patterns are not passed to Hadoop: it fails at names with a colon.
    """
    local = local_path(folder)
    if local is not None:
        return _local_entries(local)
    path, files = opened(spark, folder)
    if not files.exists(path):
        return []
    marked = _marked_statuses(spark)
    return sorted((_entry(found, marked) for found in files.listStatus(path)), key=_by_name)


def file_state(spark: SparkSession, file: str) -> str | None:
    """The state of one file, as in ``Entry.state``; None if the file is gone."""
    local = local_path(file)
    if local is not None:
        try:
            return _local_state(Path(local).stat())
        except FileNotFoundError:
            return None
    path, files = opened(spark, file)
    if not files.exists(path):
        return None
    return _entry(files.getFileStatus(path), _marked_statuses(spark)).state


def local_path(url: str) -> str | None:
    """The path of a URL on this machine's file system; None on any other."""
    scheme, colon, rest = url.partition(":")
    return "/" + rest.lstrip("/") if colon and scheme == "file" else None


def _local_entries(folder: str) -> list[Entry]:
    try:
        with os.scandir(folder) as found:
            return sorted((_local_entry(item) for item in found), key=_by_name)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _local_entry(item: os.DirEntry[str]) -> Entry:
    try:
        status = item.stat()
    except OSError:
        # A link to nothing, or a file that is removed at this moment.
        return Entry(item.name, "other", item.is_symlink(), 0, "")
    if not stat.S_ISREG(status.st_mode):
        kind: Literal["folder", "other"] = "folder" if stat.S_ISDIR(status.st_mode) else "other"
        return Entry(item.name, kind, item.is_symlink(), 0, "")
    return Entry(item.name, "file", item.is_symlink(), status.st_size, _local_state(status))


def _local_state(status: os.stat_result) -> str:
    marks = (status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns)
    return "-".join(map(str, marks))


def _marked_statuses(spark: SparkSession) -> Marked:
    """Java classes of a file's status that carry a mark of its content, and how to ask for it."""
    name_to_class = cast(Any, spark.sparkContext._jvm).java.lang.Class.forName
    return tuple((name_to_class(name), getter) for name, getter in _MARKS.items())


def _entry(status: Any, marked: Marked) -> Entry:
    length = int(status.getLen()) if status.isFile() else 0
    marks = [str(length), str(status.getModificationTime())]
    marks += [str(getattr(status, getter)()) for kind, getter in marked if kind.isInstance(status)]
    return Entry(
        str(status.getPath().getName()),
        "file" if status.isFile() else "folder" if status.isDirectory() else "other",
        bool(status.isSymlink()),
        length,
        "-".join(marks),
    )


def _by_name(entry: Entry) -> str:
    return entry.name
