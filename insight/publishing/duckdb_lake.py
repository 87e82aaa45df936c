"""The lake in DuckDB: no Spark, no Java, an answer in milliseconds.

deltalake 1.6 hands its Arrow datasets to pyarrow 15 and later only, and Petastorm holds
pyarrow below 15. So deltalake does what it must, which is to read the log and name the live
files of the newest version, and DuckDB reads those files by itself, in parallel and with
its own partition pruning. Partition values stand in the files' paths, as Hive's do.
"""

import duckdb
import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from insight.errors import TableDamagedError
from insight.publishing.views import nothing_to_query, views_over
from insight.tables import TABLES

_PARTITION_TYPES = {"date": "DATE", "string": "VARCHAR", "integer": "INTEGER", "long": "BIGINT"}


def register_duckdb(connection: duckdb.DuckDBPyConnection, lake_root: str) -> dict[str, list[str]]:
    """Make the lake's tables and the latest views known to a DuckDB connection.

    Args:
        connection: Its session time zone becomes UTC.
        lake_root: Folder of the lake.

    Returns:
        The names that can now be queried, each with the files that DuckDB opens for it; a view
        over other relations has none of its own.

    Raises:
        StageOrderError: There are no tables.
        TableDamagedError: A table's log cannot be read, or it hides rows of its files.
    """
    connection.execute("SET TimeZone = 'UTC'")
    found: dict[str, list[str]] = {}
    for table in TABLES:
        path = f"{lake_root}/{table.name}"
        if DeltaTable.is_deltatable(path):
            found[table.name] = _register_table(connection, table.name, path)
    if not found:
        raise nothing_to_query(lake_root, TABLES)
    for view in views_over(found):
        connection.execute(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql}")
        found[view.name] = []
    return found


def _register_table(connection: duckdb.DuckDBPyConnection, name: str, path: str) -> list[str]:
    try:
        table = DeltaTable(path)
        files: list[str] = table.file_uris()
    except (DeltaError, OSError) as error:
        raise TableDamagedError(
            f"table {name} in {path}",
            found=str(error).splitlines()[0],
            expected="a log that names the table's files",
            next_step="restore the table to its last good version, or rerun its dates",
        ) from error
    if "deletionVectors" in (table.protocol().reader_features or []):
        raise TableDamagedError(
            f"table {name} in {path}",
            found="deletion vectors, which hide rows of its files",
            expected="files whose rows are all live, as insight/tables promises",
            next_step="set delta.enableDeletionVectors to false, then REORG TABLE and PURGE",
        )
    if not files:
        empty = pa.schema(table.schema().to_arrow()).empty_table()
        connection.register(name, empty)
    else:
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {_scan(table, files)}")
    return files


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
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    columns = ", ".join(f'"{field.name}"' for field in fields)
    # A column added later is missing from older files.
    return (
        f"SELECT {columns} FROM read_parquet([{listed}], union_by_name = true, "
        f"hive_partitioning = {str(bool(types)).lower()}{hive})"
    )
