"""Folders, table versions and their history, asked of Hadoop and Delta directly."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import IllegalArgumentException
from pyspark.sql import SparkSession

from insight.errors import SettingsError
from insight.faults import StorageRefusedError, damaged_log
from insight.jvm import elements, no_option

_UNQUOTABLE = re.compile(r"[`'\"\\\x00-\x1f]")
"""What would end the quotes around a folder in SQL."""

SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:(//[^/]*)?")
"""Scheme and host of a URL; Java reads the expression alike."""

_NO_FILE_SYSTEM = ("UnsupportedFileSystemException", "ClassNotFoundException", "NoClassDefFound")
"""Names of the errors that Hadoop throws if a file system's classes are missing."""

_JARS = {
    "s3a": "--packages org.apache.hadoop:hadoop-aws:{version} (it brings aws-java-sdk-bundle)",
    "abfs": "--packages org.apache.hadoop:hadoop-azure:{version}",
    "abfss": "--packages org.apache.hadoop:hadoop-azure:{version}",
    "gs": "--jars gcs-connector-hadoop3-latest.jar",
}
_OTHER_JARS = "--jars or --packages, or correct the folder's scheme in the settings"
"""Options that add a file system's missing jars, by its scheme."""

_SAID = ("run_id", "run_date", "inputs", "where")
"""What a commit's metadata says that a later run asks for."""


@dataclass(frozen=True)
class PastCommit:
    """One version of a table.

    Args:
        version: Its number.
        run_id: The run that committed it; None where it was none of ours.
        run_date: That run's date.
        inputs: Versions of the tables it was made from, by name.
        where: The predicate whose rows it replaced.
    """

    version: int
    run_id: str | None = None
    run_date: str | None = None
    inputs: Mapping[str, int] = field(default_factory=dict)
    where: str = ""


def qualified(spark: SparkSession, folder: str) -> str:
    """A folder's absolute URL on the file system it belongs to.

    Raises:
        SettingsError: Its name could not stand in an SQL statement, is no URL that Hadoop knows, or
            names a file system whose jars are not there.
        StorageRefusedError: Its host is unknown.
    """
    if _UNQUOTABLE.search(folder):
        raise SettingsError(
            f"folder {folder!r}",
            found="a quote, backslash or control character in its name",
            expected="a path without them: it stands in SQL statements",
            next_step="choose another folder in the settings",
        )
    try:
        path, files = opened(spark, folder)
        return str(files.makeQualified(path).toString())
    except (IllegalArgumentException, Py4JJavaError) as error:
        text = str(error)
        if "UnknownHostException" in text:
            raise StorageRefusedError(
                f"folder {folder}",
                found="a host that no name server knows",
                expected="a file system that can be reached",
                next_step="check the host in the settings, and the network",
            ) from error
        if isinstance(error, Py4JJavaError) and "Incomplete HDFS URI" not in text:
            raise
        raise SettingsError(
            f"folder {folder}",
            found="no path that Hadoop can open",
            expected="a path, or a URL like hdfs://host/folder",
            next_step="correct it in the settings",
        ) from error


def path_of(url: str) -> str:
    """The path of a URL as Hadoop prints it: without scheme and host, and without escapes."""
    return SCHEME.sub("", url).rstrip("/")


def walk(spark: SparkSession, folder: str) -> Iterator[tuple[str, dict[str, int]]]:
    """List a folder and its subfolders one by one: parents first, siblings by name.

    Hidden names are skipped, as readers of data skip them: they begin with ``_`` or ``.``, such
    as the log, checksums and a writer's scratch files.

    Yields:
        The subfolder's path relative to the folder, and its own files' sizes in bytes by name.
    """
    top, files = opened(spark, folder)
    waiting = [("", top)]
    while waiting:
        name, path = waiting.pop()
        sizes, below = {}, []
        for entry in files.listStatus(path):
            child = str(entry.getPath().getName())
            if child.startswith(("_", ".")):
                continue
            if entry.isDirectory():
                below.append((f"{name}/{child}" if name else child, entry.getPath()))
            else:
                sizes[child] = int(entry.getLen())
        waiting.extend(sorted(below, key=itemgetter(0), reverse=True))
        yield name, sizes


def newest_version(spark: SparkSession, folder: str) -> int:
    """The newest version of the Delta table in a folder; -1 where there is none.

    Through the log itself: the table's history is a query of a second.

    Raises:
        TableDamagedError: The log has lost entries, and reads as an older table without a word.
    """
    delta_log = log_of(spark, folder)
    snapshot = newest_snapshot(spark, delta_log)
    version = int(snapshot.version())
    subject = f"table {folder.rstrip('/').rsplit('/', 1)[-1]}"
    if version < 0:
        if _holds_data(spark, folder):
            raise damaged_log(subject, found="data files, and no log of them")
        return version
    entries = snapshot.logSegment().deltas()
    for entry in elements(entries):
        if entry.getLen() == 0:
            raise damaged_log(subject, found=f"an empty log entry {entry.getPath().getName()}")
    # A commit leaves a checksum beside its entry. One without the other is a lost entry, or a
    # commit made since the log was read.
    if _exists(spark, f"{folder}/_delta_log/{version + 1:020}.crc"):
        again = int(newest_snapshot(spark, delta_log).version())
        if again == version:
            raise damaged_log(subject, found=f"version {version + 1} committed, its entry gone")
        return again
    return version


def log_of(spark: SparkSession, folder: str) -> Any:
    """Delta's log of the table in a folder."""
    return _jvm(spark).org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, folder)


def newest_snapshot(spark: SparkSession, delta_log: Any) -> Any:
    """The table as its log has it now."""
    nothing = no_option(spark)
    return delta_log.update(False, nothing, nothing)


def past_commits(spark: SparkSession, folder: str, *, limit: int) -> list[PastCommit]:
    """The last commits to the Delta table in a folder, newest first; a query of a second."""
    rows = DeltaTable.forPath(spark, folder).history(limit).select("version", "userMetadata")
    commits = []
    for row in rows.collect():
        said = json.loads(row["userMetadata"] or "{}")
        known = {name: said[name] for name in _SAID if name in said}
        commits.append(PastCommit(row["version"], **known))
    return sorted(commits, key=lambda commit: -commit.version)


def opened(spark: SparkSession, name: str) -> tuple[Any, Any]:
    """A path, and the file system it lies on.

    Raises:
        SettingsError: Spark has no jar for the file system.
    """
    path = _jvm(spark).org.apache.hadoop.fs.Path(name)
    try:
        return path, path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    except Py4JJavaError as error:
        if not any(sign in str(error.java_exception.toString()) for sign in _NO_FILE_SYSTEM):
            raise
        scheme = str(path.toUri().getScheme())
        hadoop = str(_jvm(spark).org.apache.hadoop.util.VersionInfo.getVersion())
        raise SettingsError(
            f"folder {name}",
            found=f"no file system for {scheme}:// among Spark's jars",
            expected="the jars of that file system, of the Hadoop that Spark comes with",
            next_step="run the job with ./spark-submit.sh "
            + _JARS.get(scheme, _OTHER_JARS).format(version=hadoop),
        ) from error


def _holds_data(spark: SparkSession, folder: str) -> bool:
    path, files = opened(spark, folder)
    found = files.listStatus(path) if files.exists(path) else ()
    return any(not str(entry.getPath().getName()).startswith(("_", ".")) for entry in found)


def _exists(spark: SparkSession, name: str) -> bool:
    path, files = opened(spark, name)
    return bool(files.exists(path))


def _jvm(spark: SparkSession) -> Any:
    return spark.sparkContext._jvm
