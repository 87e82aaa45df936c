"""Many small files of a partition become few."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from delta.tables import DeltaTable

from insight.maintenance.live_files import Partition
from insight.maintenance.session import set_meanwhile
from insight.settings import MaintenanceSettings
from insight.stages import Run
from insight.tables import TRAINING_EXAMPLES, Table

SHARED_BY_RANKS = (TRAINING_EXAMPLES,)
"""Tables whose files are equal and as many as the ranks need: one file of all would be neither."""

_MB = 1024 * 1024


def small_bytes(settings: MaintenanceSettings) -> int:
    """A file with fewer bytes is small."""
    return settings.small_file_mb * _MB


def crowded_partitions(
    small_files: Mapping[Partition, int], *, settings: MaintenanceSettings, settled_before: date
) -> list[Partition]:
    """Partitions with many small files that no night will write again.

    Args:
        small_files: A table's small live files by partition.
        settings: How many are many.
        settled_before: A night still replaces partitions of this date or later; if their files
            were rewritten meanwhile, the night would lose against the compaction.
    """
    return sorted(
        partition
        for partition, count in small_files.items()
        if count >= settings.small_files and _is_settled(partition, settled_before)
    )


def compact(run: Run, table: Table, small_files: Mapping[Partition, int]) -> int:
    """Rewrite the crowded partitions of a table, each into few files; rows stay as they are.

    Args:
        run: The run.
        table: The table.
        small_files: Its small live files by partition.

    Returns:
        How many partitions were rewritten.
    """
    if table in SHARED_BY_RANKS:
        return 0
    settings = run.settings.maintenance
    # A night touches the days beside a late event's too.
    settled = run.run_date - timedelta(days=run.settings.clean.late_days + 2)
    crowded = crowded_partitions(small_files, settings=settings, settled_before=settled)
    if not crowded:
        return 0
    delta = DeltaTable.forPath(run.spark, run.lake.path(table))
    small = str(small_bytes(settings))
    with set_meanwhile(run.spark, {"spark.databricks.delta.optimize.minFileSize": small}):
        optimize = delta.optimize()
        if table.partition_by:
            optimize = optimize.where(" OR ".join(_predicate(found) for found in crowded))
        optimize.executeCompaction()
    return len(crowded)


def _is_settled(partition: Partition, before: date) -> bool:
    """Whether all its dates are past; a table without partitions is only ever added to."""
    return all(
        value is not None
        and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) is not None
        and date.fromisoformat(value) < before
        for _, value in partition
    )


def _predicate(partition: Partition) -> str:
    # Only dates come this far.
    return "(" + " AND ".join(f"{name} = DATE'{value}'" for name, value in partition) + ")"
