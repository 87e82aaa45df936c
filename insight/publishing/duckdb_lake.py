"""The lake in DuckDB: no Spark, no Java, an answer in milliseconds.

deltalake 1.6 hands its Arrow datasets to pyarrow 15 and later only, and Petastorm holds
pyarrow below 15. So deltalake does what it must, which is to read the log and name the live
files of the newest version, and DuckDB reads those files by itself, in parallel and with
its own partition pruning. Partition values stand in the files' paths, as Hive's do.
"""

import re
from collections.abc import Collection

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from insight.errors import SettingsError, TableDamagedError
from insight.faults import damaged_checkpoint, damaged_log
from insight.logs import logger
from insight.publishing.views import nothing_to_query, views_over
from insight.tables import TABLES, Table

log = logger(__name__)

_PARTITION_TYPES = {"date": "DATE", "string": "VARCHAR", "integer": "INTEGER", "long": "BIGINT"}

_LOCAL = re.compile(r"^file:(//)?(?=/)")
_CHANGED_BY_DELTALAKE = re.compile(r"[%\\]")
"""deltalake decodes the one and makes a slash of the other: it then looks in another folder."""
_PATTERN = re.compile(r"([*?\[])")


def register_duckdb(
    connection: duckdb.DuckDBPyConnection,
    lake_root: str,
    tables: Collection[Table] | None = None,
) -> dict[str, list[str]]:
    """Make the lake's tables and the latest views known to a DuckDB connection.

    Args:
        connection: Its session time zone becomes UTC.
        lake_root: Folder of the lake.
        tables: Tables to register, where they exist. By default all that can be read: a damaged
            one is left out with a warning.

    Returns:
        The names that can now be queried, each with the files that DuckDB opens for it; a view
        over other relations has none of its own.

    Raises:
        StageOrderError: None of the tables exists.
        TableDamagedError: One of the given tables, or every table, has a log or files that cannot
            be read, or a log that hides rows of the files.
        SettingsError: The folder's name holds characters that deltalake changes.
    """
    root = _local_path(lake_root)
    connection.execute("SET TimeZone = 'UTC'")
    found: dict[str, list[str]] = {}
    damaged: list[TableDamagedError] = []
    for table in TABLES if tables is None else tables:
        path = f"{root}/{table.name}"
        if not DeltaTable.is_deltatable(path):
            continue
        try:
            found[table.name] = _register_table(connection, table.name, path)
        except TableDamagedError as error:
            if tables is not None:
                raise
            log.warning("table left out", message=str(error))
            damaged.append(error)
    if not found and damaged:
        raise damaged[0]
    if not found:
        raise nothing_to_query(lake_root, TABLES if tables is None else tables)
    for view in views_over(found):
        connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")
        found[view.name] = []
    return found


def pattern_of(file: str) -> str:
    """The pattern of DuckDB's that matches this very file, whatever its name holds."""
    return _PATTERN.sub(r"[\1]", file)


def is_damage(error: duckdb.Error) -> bool:
    """Whether a query failed at a table's files rather than at its own words or values."""
    return isinstance(error, duckdb.IOException) or ".parquet" in str(error)


def damaged_files(subject: str, error: duckdb.Error) -> TableDamagedError:
    """The error of a table whose data files cannot be read as its log lists them."""
    return TableDamagedError(
        subject,
        found=str(error).strip().splitlines()[0],
        expected="every data file that the log lists, whole",
        next_step="restore the table to its last good version (jobs/maintain.py --restore) or rerun"
        " the dates it holds (docs/runbook.md); the lake's other tables can be queried meanwhile",
    )


def _local_path(lake_root: str) -> str:
    path = _LOCAL.sub("", lake_root).rstrip("/")
    changed = _CHANGED_BY_DELTALAKE.search(path)
    if changed:
        raise SettingsError(
            f"lake {lake_root}",
            found=f"{changed.group()!r} in the folder's name, which deltalake decodes",
            expected="a folder without % and backslashes for DuckDB",
            next_step="ask by Spark (--engine spark), or move the lake to another folder",
        )
    return path


def _register_table(connection: duckdb.DuckDBPyConnection, name: str, path: str) -> list[str]:
    subject = f"table {name} in {path}"
    try:
        table = DeltaTable(path)
        files = _files_of(table, path)
    except (DeltaError, OSError) as error:
        said = str(error).splitlines()[0]
        explained = damaged_checkpoint if ".checkpoint" in said else damaged_log
        raise explained(subject, found=said) from error
    if "deletionVectors" in (table.protocol().reader_features or []):
        raise TableDamagedError(
            subject,
            found="deletion vectors, which hide rows of its files",
            expected="files whose rows are all live, as insight/tables promises",
            next_step="set delta.enableDeletionVectors to false, then REORG TABLE and PURGE",
        )
    if not files:
        empty = pa.schema(table.schema().to_arrow()).empty_table()
        connection.register(name, empty)
        return files
    try:
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {_scan(table, files)}")
    except duckdb.Error as error:
        raise damaged_files(subject, error) from error
    return files


def _files_of(table: DeltaTable, path: str) -> list[str]:
    """Paths of the live files as they are on disk: deltalake encodes the table's folder alone."""
    encoded = _LOCAL.sub("", table.table_uri)
    return [f"{path}/{file.removeprefix(encoded).lstrip('/')}" for file in table.file_uris()]


def _scan(table: DeltaTable, files: list[str]) -> str:
    """A SELECT over the live files, its columns in the table's order."""
    partitions = table.metadata().partition_columns
    fields = table.schema().fields
    types = {
        field.name: _PARTITION_TYPES[str(field.type.type)]
        for field in fields
        if field.name in partitions
    }
    hive_types = ", ".join(f"{name}: {kind}" for name, kind in types.items())
    hive = f", hive_types = {{{hive_types}}}" if types else ""
    listed = ", ".join("'" + pattern_of(file).replace("'", "''") + "'" for file in files)
    columns = ", ".join(f'"{field.name}"' for field in fields)
    # A column added later is missing from older files.
    return (
        f"SELECT {columns} FROM read_parquet([{listed}], union_by_name = true, "
        f"hive_partitioning = {str(bool(types)).lower()}{hive})"
    )
