"""The scope of an analyst's query, the same on both engines: read published relations only.

Each engine parses the query with its own parser, and the parsed query is held against a list
of what is allowed. A list of what is forbidden would miss the next statement kind that an
engine learns.
"""

from insight.errors import QueryRefusedError
from insight.publishing.views import VIEWS
from insight.tables import TABLES

PUBLISHED = frozenset(table.name for table in TABLES) | frozenset(view.name for view in VIEWS)
"""Names of all relations that a query may read, in lower case."""


def refusal(sql: str, found: str) -> QueryRefusedError:
    """Return the error for a query that leaves its scope.

    Args:
        sql: The query.
        found: The part of it that is not allowed.
    """
    return QueryRefusedError(
        f"query {sql!r}",
        found=found,
        expected="one SELECT over the lake's tables and views, with built-in functions that "
        "read nothing else",
        next_step="name only relations of docs/tables.md and the ..._latest views; write, list "
        "and maintain with the jobs",
    )
