"""Folders, table versions and their history, asked of Hadoop and Delta directly."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from delta.tables import DeltaTable
from pyspark.sql import SparkSession


@dataclass(frozen=True)
class PastCommit:
    """One version of a table.

    Args:
        version: Its number.
        run_id: The run that committed it; None where it was none of ours.
        run_date: That run's date.
        inputs: Versions of the tables it was made from, by name.
    """

    version: int
    run_id: str | None = None
    run_date: str | None = None
    inputs: Mapping[str, int] = field(default_factory=dict)


def qualified(spark: SparkSession, folder: str) -> str:
    """A folder's absolute URL on the file system it belongs to."""
    path = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(folder)  # type: ignore[union-attr]
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    return str(path.getFileSystem(configuration).makeQualified(path).toString())


def matching_files(spark: SparkSession, pattern: str) -> dict[str, int]:
    """Files whose path matches a glob, and their sizes in bytes; none where nothing matches."""
    path = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(pattern)  # type: ignore[union-attr]
    configuration = spark.sparkContext._jsc.hadoopConfiguration()
    found = path.getFileSystem(configuration).globStatus(path) or ()
    return {str(entry.getPath()): int(entry.getLen()) for entry in found if entry.isFile()}


def newest_version(spark: SparkSession, folder: str) -> int:
    """The newest version of the Delta table in a folder; -1 where there is none.

    Through the log itself: the table's history is a query of a second.
    """
    jvm = spark.sparkContext._jvm
    nothing = jvm.scala.Option.empty()  # type: ignore[union-attr]
    logs = jvm.org.apache.spark.sql.delta.DeltaLog  # type: ignore[union-attr]
    delta_log = logs.forTable(spark._jsparkSession, folder)
    return int(delta_log.update(False, nothing, nothing).version())


def past_commits(spark: SparkSession, folder: str, *, limit: int) -> list[PastCommit]:
    """The last commits to the Delta table in a folder, newest first; a query of a second."""
    rows = DeltaTable.forPath(spark, folder).history(limit).select("version", "userMetadata")
    commits = []
    for row in rows.collect():
        said = json.loads(row["userMetadata"] or "{}")
        known = {name: said[name] for name in ("run_id", "run_date", "inputs") if name in said}
        commits.append(PastCommit(row["version"], **known))
    return sorted(commits, key=lambda commit: -commit.version)
