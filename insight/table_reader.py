"""Delta tables at one version, as frames and as files."""

import json
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from insight.faults import damaged_log
from insight.storage import log_of

_SMALL = 10 * 2**20
"""Bytes up to which Spark broadcasts a table in a join: its plans are the same however the files
of such a table are listed."""

FileState = tuple[str, int, int]
"""Path, bytes and time of modification."""

_SOUND: set[FileState] = set()
"""Log entries and checkpoints that this process has read without finding damage."""


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
    nothing = _jvm(spark).scala.Option.empty()
    delta_log = log_of(spark, folder)
    snapshot = delta_log.getSnapshotAt(version, nothing, nothing)
    files = listed_files(snapshot)
    if files is None:
        return None
    return DataFrame(delta_log.createDataFrame(snapshot, files, False, nothing), spark)


def listed_files(snapshot: Any) -> Any | None:
    """The files of a small table, from the checksum of its snapshot, without a query.

    Raises:
        TableDamagedError: An entry of the log since its last checkpoint is no JSON.
        Py4JJavaError: The checkpoint cannot be read, or its state is not the checksum's.

    Returns:
        A Scala sequence. None if the table is large, or its checksum lists no files: it lists up
        to 500 (conf/spark/common.conf), and commits of other writers have no checksum.
    """
    checksum = snapshot.checksumOpt()
    if checksum.isEmpty() or checksum.get().tableSizeBytes() > _SMALL:
        return None
    files = checksum.get().allFiles()
    if files.isEmpty():
        return None
    _parse_new_entries(snapshot)
    return files.get() if _checkpoint_is_sound(snapshot) else None


def _parse_new_entries(snapshot: Any) -> None:
    """Parse each entry of the log once, as a query over it would: a checksum shows no damage."""
    delta_log, entries = snapshot.deltaLog(), snapshot.logSegment().deltas()
    for entry in (entries.apply(position) for position in range(entries.size())):
        if (state := _state_of(entry)) in _SOUND:
            continue
        lines = delta_log.store().read(entry.getPath(), delta_log.newDeltaHadoopConf())
        try:
            for line in lines.mkString("\n").splitlines():
                json.loads(line)
        except json.JSONDecodeError as error:
            table = str(delta_log.dataPath().getName())
            found = f"a malformed log entry {entry.getPath().getName()}"
            raise damaged_log(f"table {table}", found=found) from error
        _SOUND.add(state)


def _checkpoint_is_sound(snapshot: Any) -> bool:
    """Read a checkpoint once, and hold the checksum against the table's state."""
    files = snapshot.logSegment().checkpointProvider().topLevelFiles()
    states = {_state_of(files.apply(position)) for position in range(files.size())}
    if not states <= _SOUND:
        no_context = getattr(snapshot, "validateChecksum$default$1")()
        if not snapshot.validateChecksum(no_context):
            return False
        _SOUND.update(states)
    return True


def _state_of(file: Any) -> FileState:
    return str(file.getPath().toString()), file.getLen(), file.getModificationTime()


def _jvm(spark: SparkSession) -> Any:
    return spark.sparkContext._jvm
