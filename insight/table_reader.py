"""Delta tables at one version, as frames and as files."""

import json
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from insight.faults import damaged_log
from insight.jvm import elements, no_option
from insight.storage import log_of

_SMALL = 10 * 2**20
"""Bytes up to which Spark broadcasts a table in a join. Delta's reader knows the size of the
partitions that are read, a list only that of the table: up to here both lead to the same joins."""

FileState = tuple[str, int, int]
"""Path, bytes and time of modification."""

_COMMITS: dict[FileState, str | None] = {}
"""Log entries that this process has parsed, with the ids of their transactions."""

_CHECKPOINTS: set[tuple[tuple[FileState, ...], bool]] = set()
"""Checkpoints that this process has compared a list of files with, and whether the list was that
of the checkpoint's own version."""


def read_table(spark: SparkSession, folder: str, version: int) -> DataFrame:
    """The rows of the Delta table in a folder at a version.

    Delta finds the files of each read by a query over the table's log. On a small night that is a
    quarter of the JVM's time, so small tables are read by the list of files in the version's
    checksum (docs/decisions/0020-small-work.md).
    """
    return _listed(spark, folder, version) or _time_travel(spark, folder, version)


def files_of(
    spark: SparkSession, folder: str, version: int, partition: Mapping[str, str]
) -> list[str]:
    """URLs of the data files of one partition.

    Never list the folder instead: it also holds dead and uncommitted files.
    """
    condition = " AND ".join(f"{name} = '{value}'" for name, value in partition.items())
    # Delta's own reader leaves out the files of other partitions. A list of files does not.
    return sorted(_time_travel(spark, folder, version).where(condition).inputFiles())


def _time_travel(spark: SparkSession, folder: str, version: int) -> DataFrame:
    return spark.read.format("delta").option("versionAsOf", version).load(folder)


def _listed(spark: SparkSession, folder: str, version: int) -> DataFrame | None:
    nothing = no_option(spark)
    delta_log = log_of(spark, folder)
    snapshot = delta_log.getSnapshotAt(version, nothing, nothing)
    files = listed_files(spark, snapshot)
    return None if files is None else frame_of(spark, delta_log, snapshot, files)


def frame_of(spark: SparkSession, delta_log: Any, snapshot: Any, files: Any) -> DataFrame:
    """The rows of some files, a Scala sequence, with the schema of a snapshot."""
    return DataFrame(delta_log.createDataFrame(snapshot, files, False, no_option(spark)), spark)


def listed_files(spark: SparkSession, snapshot: Any) -> Any | None:
    """The files of a small table, from the checksum of its snapshot, without a query.

    Raises:
        TableDamagedError: An entry of the log since its last checkpoint is no JSON.
        Py4JJavaError: The checkpoint cannot be read.

    Returns:
        A Scala sequence. None if the table is large, or no checksum of this version lists its
        files: it lists up to 200 (conf/spark/common.conf), and other writers leave none.
    """
    checksum = snapshot.checksumOpt()
    if checksum.isEmpty() or checksum.get().tableSizeBytes() > _SMALL:
        return None
    files = checksum.get().allFiles()
    return files.get() if files.isDefined() and _is_sound(spark, snapshot, checksum.get()) else None


def _is_sound(spark: SparkSession, snapshot: Any, checksum: Any) -> bool:
    """Whether the log can be read, and its newest commit is the one that wrote the checksum.

    If a log entry is lost and another writer commits its version again, the old checksum remains.
    """
    segment = snapshot.logSegment()
    entries = {_state_of(entry): entry for entry in elements(segment.deltas())}
    for state, entry in entries.items():
        if state not in _COMMITS:
            _COMMITS[state] = _commit_of(snapshot.deltaLog(), entry)
    newest, writer = next(reversed(entries), None), checksum.txnId()
    if newest and (writer.isEmpty() or writer.get() != _COMMITS[newest]):
        return False
    files = segment.checkpointProvider().topLevelFiles()
    checkpoint = tuple(_state_of(file) for file in elements(files))
    compared = (checkpoint, newest is None)
    if not checkpoint or compared in _CHECKPOINTS:
        return True
    if not snapshot.validateFileListAgainstCRC(checksum, no_option(spark)):
        return False
    _CHECKPOINTS.add(compared)
    return True


def _commit_of(delta_log: Any, entry: Any) -> str | None:
    """The id of an entry's transaction. Each line is parsed: a checksum shows no damage."""
    lines = delta_log.store().read(entry.getPath(), delta_log.newDeltaHadoopConf())
    # By line feeds alone: JSON may hold other separators that Python splits at.
    texts = filter(str.strip, lines.mkString("\n").split("\n"))
    try:
        actions = [json.loads(text) for text in texts]
    except json.JSONDecodeError as error:
        table = str(delta_log.dataPath().getName())
        found = f"a malformed log entry {entry.getPath().getName()}"
        raise damaged_log(f"table {table}", found=found) from error
    commits = [action["commitInfo"] for action in actions if "commitInfo" in action]
    return commits[0].get("txnId") if commits else None


def _state_of(file: Any) -> FileState:
    return str(file.getPath().toString()), file.getLen(), file.getModificationTime()
