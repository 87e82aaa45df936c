"""Read-only queries by DuckDB.

DuckDB's own parser gives the query as a tree, which may contain only nodes that read, names of
published relations and built-in functions without side effects. The connection is besides
locked: it can open the live files of the lake's tables and no other, and no query can change
that.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from insight.publishing.duckdb_lake import pattern_of, register_duckdb
from insight.publishing.query_scope import PUBLISHED, refusal
from insight.tables import Table

# fmt: off
_NODES = frozenset({
    "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE", "BASE_TABLE", "SUBQUERY",
    "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "DISTINCT_MODIFIER",
    "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "ASCENDING", "DESCENDING",
    "ORDER_DEFAULT",
})
"""Query nodes, table references, modifiers and sort orders that a query may consist of."""

_EXPRESSIONS = frozenset({
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT",
    "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY",
    "TYPE", "WINDOW",
})
# fmt: on

_TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "range", "unnest"})
"""Table functions that make rows from their arguments alone."""

_PURE_FUNCTIONS = """
SELECT DISTINCT function_name FROM duckdb_functions()
WHERE function_type NOT IN ('table', 'table_macro', 'pragma') AND internal
  AND schema_name = 'main'
  AND (NOT coalesce(has_side_effects, false) OR function_name IN ('random', 'uuid'))
  AND NOT regexp_matches(coalesce(macro_definition, ''), '(duckdb_|pragma_|current_query)')
"""

_REFUSED_FUNCTIONS = frozenset({"current_setting", "getenv", "getvariable"})
"""Built-in functions that read the configuration or the environment."""

_LOCKS = (
    "SET python_enable_replacements = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


@contextmanager
def read_only_duckdb(
    lake_root: str, tables: Collection[Table] | None = None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    """Open a locked connection; yield it with the names that can be queried.

    Args:
        lake_root: Folder of the lake.
        tables: Tables that queries name; by default all that can be read.

    Raises:
        As ``register_duckdb``.
    """
    with duckdb.connect() as connection:
        files_of = register_duckdb(connection, lake_root, tables)
        # DuckDB looks at a path as it was given, and again at the file that it names.
        named = (file for listed in files_of.values() for file in listed)
        files = [path for file in named for path in dict.fromkeys((file, pattern_of(file)))]
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        connection.execute(f"SET allowed_paths = [{listed}]")
        for lock in _LOCKS:
            connection.execute(lock)
        yield connection, list(files_of)


def read_only_query(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """Run a query that reads published relations and does nothing else.

    Args:
        connection: From ``read_only_duckdb``.
        sql: One query.

    Returns:
        The connection, from which the rows can be fetched.

    Raises:
        QueryRefusedError: It does more than that. Nothing of it was run.
        duckdb.Error: It is not SQL, or names a column or a relation that does not exist.
    """
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise refusal(sql, f"{len(statements)} statements")
    statement = statements[0]
    if statement.type != duckdb.StatementType.SELECT:
        raise refusal(sql, f"a statement of the kind {statement.type.name}")
    tree = _tree(connection, statement.query)
    if tree.get("error"):
        raise refusal(sql, f"a statement that is no plain SELECT: {tree['error_message']}")
    functions = {name for (name,) in connection.execute(_PURE_FUNCTIONS).fetchall()}
    # DuckDB lists unnest with the table functions alone, and takes it among columns, too.
    _TreeWalk(sql, {*functions, "unnest"} - _REFUSED_FUNCTIONS).check(tree["statements"], PUBLISHED)
    return connection.execute(statement)


def _tree(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    row = connection.execute(
        "SELECT json_serialize_sql(?::VARCHAR, skip_null := true, skip_empty := true)", [query]
    ).fetchone()
    tree: dict[str, Any] = json.loads(row[0]) if row else {"error": True, "error_message": ""}
    return tree


class _TreeWalk:
    """Visits every node of a serialised query, with the relation names in scope there."""

    def __init__(self, sql: str, functions: Collection[str]) -> None:
        self._sql = sql
        self._functions = functions

    def check(self, part: Any, names: Collection[str]) -> None:
        """Refuse nodes, relations and functions that are not allowed.

        Args:
            part: A node, a list of nodes or a plain value.
            names: Relations that this part may name, in lower case.
        """
        if isinstance(part, list):
            for item in part:
                self.check(item, names)
        elif isinstance(part, dict):
            self._check_node(part, names)
            names = self._check_ctes(part, names)
            for name, value in part.items():
                if name == "function" and part.get("type") == "TABLE_FUNCTION":
                    self._check_table_function(value)
                    self.check(value.get("arguments", []), names)
                elif name != "cte_map":
                    self.check(value, names)

    def _check_ctes(self, node: dict[str, Any], names: Collection[str]) -> Collection[str]:
        """Check the queries of a WITH clause; return the names in scope below it."""
        for entry in node.get("cte_map", {}).get("map", []):
            # Each may name itself, if it is recursive, and those before it.
            names = {*names, entry["key"].lower()}
            self.check(entry["value"], names)
        return names

    def _check_node(self, node: dict[str, Any], names: Collection[str]) -> None:
        if "class" in node:
            if node["class"] not in _EXPRESSIONS:
                raise refusal(self._sql, f"an expression of the kind {node['class']}")
            if node["class"] in ("FUNCTION", "WINDOW"):
                self._check_function(node)
        elif isinstance(node.get("type"), str):
            if node["type"] not in _NODES:
                raise refusal(self._sql, f"{node['type']}, which is not part of a query")
            if node["type"] == "BASE_TABLE":
                path = node["qualified_name"]["path"]
                if len(path) != 1 or path[0].lower() not in names:
                    raise refusal(self._sql, f"the relation {'.'.join(path)}")

    def _check_function(self, node: dict[str, Any]) -> None:
        # `column.upper()` parses as the function upper in a schema `column`.
        name = node["qualified_name"]["path"][-1].lower()
        if name not in self._functions:
            raise refusal(self._sql, f"the function {name}")

    def _check_table_function(self, function: dict[str, Any]) -> None:
        path = function.get("qualified_name", {}).get("path", [])
        if len(path) != 1 or path[0].lower() not in _TABLE_FUNCTIONS:
            raise refusal(self._sql, f"the table function {'.'.join(path)}")
