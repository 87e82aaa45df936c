"""Writes docs/tables.md from the contracts: ``python -m insight.tables.document [--check]``."""

import sys
from pathlib import Path

from insight.tables import TABLES, Table

TARGET = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def document(tables: tuple[Table, ...] = TABLES) -> str:
    """All contracts as Markdown, in the order the night writes them."""
    lines = [
        "# Tables",
        "",
        "Written by `make docs` from `insight/tables`; edit there. Times are UTC.",
        "",
        "| table | one row is |",
        "|---|---|",
        *(f"| [{table.name}](#{table.name}) | {table.grain} |" for table in tables),
    ]
    for table in tables:
        lines += ["", *_section(table)]
    return "\n".join(lines) + "\n"


def _section(table: Table) -> list[str]:
    key = ", ".join(f"`{name}`" for name in table.key) or "none"
    partitions = ", ".join(f"`{name}`" for name in table.partition_by) or "none"
    checks = [f"- check `{check.name}`: `{check.condition}`" for check in table.checks]
    return [
        f"## {table.name}",
        "",
        f"{table.grain.capitalize()}. Owner: {table.owner}. Key: {key}. "
        f"Partitioned by: {partitions}.",
        "",
        "| column | type | may be null | meaning |",
        "|---|---|---|---|",
        *(
            f"| `{column.name}` | {column.type.replace('|', chr(92) + '|')} "
            f"| {'yes' if column.nullable else ''} | {column.comment} |"
            for column in table.columns
        ),
        *(["", *checks] if checks else []),
    ]


def main(arguments: list[str]) -> int:
    """Write the page, or with --check say whether it is up to date: 0 yes, 1 no."""
    if "--check" in arguments:
        return int(not TARGET.is_file() or TARGET.read_text() != document())
    TARGET.write_text(document())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
