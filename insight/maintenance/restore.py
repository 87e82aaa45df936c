"""Bring a table back to an earlier version, as a commit like any other."""

import json
from functools import partial

from delta.tables import DeltaTable

from insight.contract import audit
from insight.delta import Commit
from insight.errors import SettingsError, StageOrderError
from insight.logs import logger
from insight.maintenance.session import set_meanwhile
from insight.stages import Run, Stage
from insight.tables import TABLES, Table

log = logger(__name__)


def restoring(name: str, version: int) -> Stage:
    """The stage that restores a table.

    Raises:
        SettingsError: There is no such table.
    """
    known = {table.name: table for table in TABLES}
    if name not in known or version < 0:
        raise SettingsError(
            "arguments --restore and --version",
            found=f"{name!r} at {version}",
            expected=f"one of {', '.join(known)}, and a version from 0",
            next_step="correct them; docs/runbook.md shows how to find a version",
        )
    work = partial(restore, table=known[name], version=version)
    return Stage(name="restore", reads=(), writes=(known[name],), work=work)


def restore(run: Run, *, table: Table, version: int) -> str | None:
    """Read the whole earlier version against its contract, then make it the newest.

    The commit names the earliest run date that it undoes, so that whatever was carried on from
    that date's rows or later is made anew, as after a backfill.

    Raises:
        StageOrderError: The table or the version was never written.
        TableDamagedError: Files of that version are gone. Nothing is changed.
        TableContractError: It does not keep today's contract. Nothing is changed.
    """
    newest = run.lake.version(table)
    if newest < version:
        raise StageOrderError(
            f"table {table.name} in {run.lake.root}",
            found=f"version {newest}" if newest >= 0 else "no such table",
            expected=f"version {version} or a later one",
            next_step="choose a version that was committed",
        )
    if newest == version:
        return f"{table.name} is at version {version}"
    undone = run.lake.past_commits(table, limit=newest - version)
    run.lake.pins[table.name] = version
    rows, content_hash = audit(run.lake.read(table), table, f"table {table.name} {version}")
    dates = [commit.run_date for commit in undone if commit.run_date is not None]
    said = {"run_id": run.run_id, "run_date": min(dates, default=run.run_date.isoformat())}
    metadata = json.dumps({**said, "restored_version": version, "content_hash": content_hash})
    run.lake.refuse_lost_lease(f"table {table.name}")
    with set_meanwhile(run.spark, {"spark.databricks.delta.commitInfo.userMetadata": metadata}):
        DeltaTable.forPath(run.spark, run.lake.path(table)).restoreToVersion(version)
    del run.lake.pins[table.name]
    run.lake.commits.append(Commit(table.name, run.lake.version(table), rows, content_hash))
    log.info(f"restored {table.name}", version=version, rows=rows, undone=sorted(set(dates)))
    return None
