"""Ask the lake in SQL: every table by its name, and the ..._latest views; read-only."""

import argparse
import os
import sys
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

import duckdb
from pyspark.errors import AnalysisException, ParseException
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

from insight.errors import InsightError, SettingsError
from insight.faults import ENGINE_ERRORS, explain
from insight.logs import configure_logs, logger
from insight.publishing import duckdb_query
from insight.publishing.duckdb_lake import damaged_files, is_damage
from insight.publishing.views import nothing_to_query, register_views, tables_named_in
from insight.settings import Settings, load_settings
from insight.tables import TABLES, Table

READS = TABLES
WRITES = ()

Answer = tuple[Sequence[str], Sequence[Sequence[Any]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the answer; 0 done, 2 do not retry."""
    configure_logs()
    asked = _parse(arguments)
    ask = {"spark": ask_spark, "duckdb": ask_duckdb}[asked.engine]
    try:
        # One row more than is shown tells whether there are more.
        columns, rows = ask(asked.sql, load_settings(asked.profile), asked.limit + 1)
    except InsightError as error:
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    show(columns, rows, limit=asked.limit)
    return 0


def ask_spark(sql: str, settings: Settings, limit: int) -> Answer:
    """The first rows of an answer by Spark SQL.

    Raises:
        QueryRefusedError: The query does more than read the lake's tables and views.
        StageOrderError: A table it names was never written.
        SettingsError: The SQL is wrong.
        TableDamagedError: A table that it names cannot be read as it was committed.
    """
    # Only here: DuckDB needs no Spark, and starting it takes seconds.
    from insight.publishing import spark_query
    from insight.spark import build_session

    session = spark_query.read_only_session(build_session("insight query"))
    named = tables_named_in(sql)
    subject = _subject(named, settings)
    try:
        found = register_views(session, settings.lake, named)
    except ENGINE_ERRORS as error:
        raise explain(error, subject=subject, landing=None) or error from error
    try:
        answer = spark_query.read_only_query(session, sql).limit(limit)
        return answer.columns, [tuple(row) for row in answer.collect()]
    except ENGINE_ERRORS as error:
        is_about_the_query = isinstance(error, AnalysisException | ParseException)
        damage = None if is_about_the_query else explain(error, subject=subject, landing=None)
        raise damage or _explained(error, sql, found, settings.lake) from error


def ask_duckdb(sql: str, settings: Settings, limit: int) -> Answer:
    """The first rows of an answer by DuckDB.

    Raises:
        QueryRefusedError: The query does more than read the lake's tables and views.
        StageOrderError: A table it names was never written.
        SettingsError: The SQL is wrong.
        TableDamagedError: A table that it names cannot be read as it was committed.
    """
    # Only the tables that it names: a damaged one blocks no query of the others.
    named = tables_named_in(sql)
    with duckdb_query.read_only_duckdb(settings.lake, named or None) as (connection, found):
        try:
            answer = duckdb_query.read_only_query(connection, sql)
            return [column[0] for column in answer.description], answer.fetchmany(limit)
        except duckdb.Error as error:
            if is_damage(error):
                raise damaged_files(_subject(named, settings), error) from error
            raise _explained(error, sql, found, settings.lake) from error


def show(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, limit: int) -> None:
    """Print rows as a table; whole numbers and amounts have thousands separators."""
    grid = Grid(*map(escape, columns))
    for index, column in enumerate(grid.columns):
        values = [row[index] for row in rows]
        column.justify = "right" if any(map(_is_number, values)) else "left"
    for row in rows[:limit]:
        grid.add_row(*(_text(value) for value in row))
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(grid)
    more = f" (of more: raise --limit {limit})" if len(rows) > limit else ""
    console.print(f"{min(len(rows), limit):,} rows{more}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Decimal):
        # Whole: an amount is exact.
        return f"{value.normalize():,f}"
    return f"{value:.4f}" if isinstance(value, float) else escape(str(value))


def _subject(named: Collection[Table], settings: Settings) -> str:
    return f"table {', '.join(table.name for table in named)} of lake {settings.lake}"


def _explained(error: Exception, sql: str, found: Collection[str], lake_root: str) -> InsightError:
    missing = [table for table in tables_named_in(sql) if table.name not in found]
    if missing:
        return nothing_to_query(lake_root, missing)
    return SettingsError(
        f"query {sql!r}",
        found=str(error).strip().splitlines()[0],
        expected="SQL over " + ", ".join(table.name for table in TABLES) + " and ..._latest",
        next_step="mend the query; docs/tables.md describes every table",
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sql", help='e.g. "SELECT * FROM customer_scores_latest"')
    parser.add_argument("--engine", choices=("spark", "duckdb"), default="spark")
    parser.add_argument("--profile", default=os.environ.get("INSIGHT_PROFILE", "local"))
    parser.add_argument("--limit", type=int, default=50, help="rows to show at most")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
