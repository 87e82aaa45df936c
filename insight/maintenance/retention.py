"""What of a table's past is kept: files for a while, its log for longer."""

from delta.tables import DeltaTable

from insight.errors import SettingsError
from insight.faults import ENGINE_ERRORS
from insight.maintenance.session import set_meanwhile
from insight.stages import Run
from insight.storage import log_of, newest_snapshot
from insight.tables import Table

_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"
_LISTING_TASKS = "spark.sql.sources.parallelPartitionDiscovery.parallelism"


def keep_log_properties(run: Run, table: Table) -> None:
    """Let Delta keep a table's log as long, and sum it up as often, as the settings say."""
    settings = run.settings.maintenance
    wanted = {
        "delta.logRetentionDuration": f"interval {settings.log_retention_days} days",
        "delta.checkpointInterval": str(settings.checkpoint_interval),
    }
    path = run.lake.path(table)
    have = newest_snapshot(run.spark, log_of(run.spark, path)).metadata().configuration()
    # Changed metadata is a conflict for every run in progress: only where there is a change.
    other = {
        name: value
        for name, value in wanted.items()
        if not have.contains(name) or have.apply(name) != value
    }
    if other:
        pairs = ", ".join(f"'{name}' = '{value}'" for name, value in other.items())
        run.spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({pairs})")


def refuse_unguarded_retention(run: Run) -> None:
    """Refuse to remove files while Delta's own safety check is off.

    Raises:
        SettingsError: It is.
    """
    if str(run.spark.conf.get(_CHECK, "true")).lower() != "true":
        raise SettingsError(
            f"Spark property {_CHECK}",
            found="false",
            expected="true: with it off, files that a running job still reads can be removed",
            next_step="remove it from conf/spark or the command line",
        )


def remove_dead_files(run: Run, table: Table) -> None:
    """Remove files that no version within the retention needs (VACUUM).

    Raises:
        SettingsError: The table itself asks for a longer retention than the settings.
    """
    hours = run.settings.maintenance.retention_hours
    # Delta lists folders in 10,000 tasks by default, half a minute for the smallest table.
    tasks = str(4 * run.spark.sparkContext.defaultParallelism)
    try:
        with set_meanwhile(run.spark, {_LISTING_TASKS: tasks}):
            DeltaTable.forPath(run.spark, run.lake.path(table)).vacuum(float(hours))
    except ENGINE_ERRORS as error:
        if "low retention period" not in str(error):
            raise
        raise SettingsError(
            f"setting maintenance.retention_hours, table {table.name}",
            found=f"{hours} hours",
            expected="at least the table's own delta.deletedFileRetentionDuration",
            next_step="raise the setting, or lower that property of the table",
        ) from error
