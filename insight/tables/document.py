"""Writes docs/tables.md and docs/features.md: ``python -m insight.tables.document [--check]``."""

import sys
from pathlib import Path

from insight.tables import (
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    ITEM_FEATURES,
    TABLES,
    Column,
    Table,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
FEATURES = (CUSTOMER_FEATURES, CUSTOMER_SEQUENCES, ITEM_FEATURES)


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
        *_sensitive(table),
        *(["", *checks] if checks else []),
    ]


def _sensitive(table: Table) -> list[str]:
    """How the table keeps what may tell of a person; decision 0015 says why."""
    columns = [column for column in table.columns if column.sensitive]
    listed = ", ".join(f"`{column.name}` ({column.sensitive})" for column in columns)
    return ["", f"Sensitive: {listed}."] if columns else []


def feature_catalogue(tables: tuple[Table, ...] = FEATURES) -> str:
    """Every feature as Markdown: what it means, its unit, how far it looks back, who owns it."""
    lines = [
        "# Features",
        "",
        "Written by `make docs` from `insight/tables`; edit there. All are as known at the end of "
        "`feature_date` D (UTC): a window of 7 days is (D - 7, D], and nothing later counts. "
        "Numbers of `customer_features` reach the model, scaled as the version's training window "
        "was (`features.scaling`), nulls with a mask.",
    ]
    for table in tables:
        lines += [
            "",
            f"## {table.name}",
            "",
            f"{table.grain.capitalize()}.",
            "",
            "| feature | meaning | unit | window | owner |",
            "|---|---|---|---|---|",
            *(
                f"| `{each.name}` | {each.comment} | {each.unit} | {each.window} | {table.owner} |"
                for each in features_of(table)
            ),
        ]
    return "\n".join(lines) + "\n"


def features_of(table: Table) -> list[Column]:
    """A feature table's columns but those that say whose and when."""
    return [column for column in table.columns if column.name not in table.key]


PAGES = {DOCS / "tables.md": document, DOCS / "features.md": feature_catalogue}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say whether they are up to date: 0 yes, 1 no."""
    if "--check" in arguments:
        return int(any(not p.is_file() or p.read_text() != page() for p, page in PAGES.items()))
    for path, page in PAGES.items():
        path.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
