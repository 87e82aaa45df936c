"""Maintain: prove each table whole, compact it, and let go of its dead files."""

import time

from insight.delta import Commit
from insight.logs import logger
from insight.maintenance.compaction import compact, small_bytes
from insight.maintenance.holdings import (
    Holdings,
    holdings_after,
    holdings_of,
    refuse_lost_files,
)
from insight.maintenance.retention import (
    keep_log_properties,
    refuse_unguarded_retention,
    remove_dead_files,
)
from insight.maintenance.statistics import complete_statistics
from insight.stages import Run, Stage
from insight.tables import TABLES, Table

log = logger(__name__)


def maintain(run: Run) -> str | None:
    """Maintain every table of the lake, one after the other.

    Its commits carry no run: what reads pinned versions beside it (cross-validation, a search)
    sees nothing in them to lose to.

    Raises:
        TableDamagedError: A table has lost files. The tables before it are done.
        SettingsError: The retention is shorter than is safe. Nothing is removed.
        RunConflictError: A night replaced what was being compacted. The night's rows stand.
    """
    refuse_unguarded_retention(run)
    there = [table for table in TABLES if run.lake.exists(table)]
    for table in there:
        _maintain(run, table)
    return None if there else f"no tables in {run.lake.root}"


MAINTAIN = Stage(name="maintain", reads=(), writes=TABLES, work=maintain)


def _maintain(run: Run, table: Table) -> None:
    began = time.monotonic()
    path = run.lake.path(table)
    run.lake.refuse_lost_lease(f"table {table.name}")
    small = small_bytes(run.settings.maintenance)
    before = holdings_of(run.spark, path, small_bytes=small)
    refuse_lost_files(before, f"table {table.name} version {before.version}")
    keep_log_properties(run, table)
    compacted = compact(run, table, before.live.small)
    lacks_statistics = before.live.without_statistics > 0
    if lacks_statistics:
        complete_statistics(run, table)
    if before.has_dead_files:
        remove_dead_files(run, table)
    after = holdings_after(
        run.spark,
        path,
        before,
        rewritten=compacted > 0 or lacks_statistics,
        removed=before.has_dead_files,
    )
    if after.version != before.version:
        # The run log gets a row for each table with a commit of this stage.
        run.lake.commits.append(Commit(table.name, after.version, rows=0, content_hash=""))
    log.info(
        f"maintained {table.name}",
        version=after.version,
        partitions_compacted=compacted,
        **_change(before, after),
        seconds=round(time.monotonic() - began, 1),
    )


def _change(before: Holdings, after: Holdings) -> dict[str, str]:
    return {
        "live_files": f"{before.live.sums.files} -> {after.live.sums.files}",
        "live_bytes": f"{before.live.sums.bytes} -> {after.live.sums.bytes}",
        "files_on_disk": f"{before.on_disk.files} -> {after.on_disk.files}",
        "bytes_on_disk": f"{before.on_disk.bytes} -> {after.on_disk.bytes}",
    }
