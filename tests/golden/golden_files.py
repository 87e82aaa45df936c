"""How golden tables are read from CSV, and rows compared with them."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from insight.tables import MONEY, Table

_READ: dict[str, Callable[[str], Any]] = {
    "string": str,
    "double": float,
    "bigint": int,
    MONEY: Decimal,
    "date": date.fromisoformat,
    "timestamp": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
}


def cases_in(folder: Path) -> list[str]:
    """The names of the cases in a folder."""
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir())


def rows_in(path: Path, table: Table) -> list[dict[str, Any]]:
    """Rows of a file, typed as the table's columns; none where there is no file.

    What the table does not have is text.
    """
    if not path.is_file():
        return []
    kinds = {column.name: column.type for column in table.columns}
    with path.open(newline="") as lines:
        return [
            {
                name: _READ[kinds.get(name, "string")](text) if text else None
                for name, text in row.items()
            }
            for row in csv.DictReader(lines)
        ]


def comparable(rows: list[dict[str, Any]], names: list[str]) -> list[str]:
    """The named values of each row, in one order of rows."""
    return sorted(repr([_plain(row[name]) for name in names]) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, Decimal):
        return value.normalize()
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
