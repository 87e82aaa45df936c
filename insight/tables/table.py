"""What a table promises: its grain, columns, key, checks and partitioning."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from pyspark.sql.types import DataType, StructField, StructType, _parse_datatype_string

MONEY = "decimal(18,6)"
"""Type of an amount in the shop's currency: millionths, below 1,000,000,000,000."""

_BOUNDED = ("date", "timestamp", "int", "bigint", "double", MONEY)
"""Types of columns whose least and greatest values Delta notes for each file."""


Sensitivity = Literal["", "pseudonym", "masked", "shape"]
"""Form in which a sensitive column is stored: docs/decisions/0015-sensitive-data.md."""


@dataclass(frozen=True)
class Column:
    """One promised column.

    Args:
        name: Its name; the unit is in the suffix.
        type: Its Spark SQL type.
        comment: Its meaning, for people.
        nullable: Whether a null is a value here. A null elsewhere breaks the contract.
        unit: What one of a feature is; for columns of docs/features.md.
        window: The days a feature looks back over, its own included; likewise.
        sensitive: Stored form of a value that may identify a person. ``pseudonym``: a keyed
            hash of an id. ``masked``: text without addresses and long numbers. ``shape``: the
            form of a value, without its letters and digits. In a raw table ingest applies it
            before the first write; other tables hold what came from there.
    """

    name: str
    type: str
    comment: str
    nullable: bool = False
    unit: str = ""
    window: str = ""
    sensitive: Sensitivity = ""

    @property
    def data_type(self) -> DataType:
        return _parsed(self.type)


@dataclass(frozen=True)
class Check:
    """A row-level promise, held by Delta as a CHECK constraint."""

    name: str
    condition: str


@dataclass(frozen=True)
class Table:
    """One table's contract. DDL, docs, audits and views all come from here.

    Args:
        name: The table's name, which is also its folder in the lake.
        grain: What one row is.
        owner: Who answers for it.
        columns: The columns, in order.
        key: The columns that name a row, unique in the table.
        partition_by: Partition columns; the first is the one a run replaces by.
        checks: Row-level promises.
        layout: How rows are laid out for their files: ``by_partition`` brings those of one
            partition together first; ``as_read`` writes them where they are, for tables whose
            rows come in the order of their partitions.
    """

    name: str
    grain: str
    owner: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    checks: tuple[Check, ...] = field(default=())
    layout: Literal["by_partition", "as_read"] = "by_partition"

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        unknown = [name for name in (*self.key, *self.partition_by) if name not in names]
        if unknown or len(set(names)) != len(names):
            raise ValueError(f"table {self.name}: unknown or repeated columns {unknown or names}")

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]

    def sensitive_names(self, how: Sensitivity) -> list[str]:
        """Names of the columns that are kept in one of the ways for sensitive values."""
        return [column.name for column in self.columns if column.sensitive == how]

    @property
    def schema(self) -> StructType:
        """The Spark schema, with comments. Needs an active session."""
        return StructType(
            [StructField(column.name, column.data_type, column.nullable) for column in self.columns]
        )

    def ddl(self, location: str) -> str:
        """The CREATE TABLE statement for a table in folder ``location``."""
        columns = ",\n  ".join(_column_ddl(column) for column in self.columns)
        partitioning = (
            f"\nPARTITIONED BY ({', '.join(self.partition_by)})" if self.partition_by else ""
        )
        properties = ", ".join(f"'{key}' = '{value}'" for key, value in self.properties())
        return (
            f"CREATE TABLE IF NOT EXISTS delta.`{location}` (\n  {columns}\n)\nUSING DELTA"
            f"{partitioning}\nCOMMENT '{_quoted(self.grain)}'\nTBLPROPERTIES ({properties})"
        )

    def properties(self) -> Iterable[tuple[str, str]]:
        """Delta table properties: the checks, and what readers outside Spark cannot bear."""
        yield "delta.enableDeletionVectors", "false"
        yield "delta.columnMapping.mode", "none"
        # No file holds only some customers or items: bounds of texts are a fifth of a large
        # table's writing and let no query skip a file.
        bounded = [
            c.name for c in self.columns if c.type in _BOUNDED and c.name not in self.partition_by
        ]
        yield "delta.dataSkippingStatsColumns", ",".join(bounded[:8])
        yield "insight.owner", self.owner
        for check in self.checks:
            yield f"delta.constraints.{check.name}", _quoted(check.condition)


@cache
def _parsed(kind: str) -> DataType:
    # Parsing a DDL type asks a running Spark: once for each type, and only where there is one.
    return _parse_datatype_string(kind)


def _column_ddl(column: Column) -> str:
    null = "" if column.nullable else " NOT NULL"
    return f"{column.name} {column.type}{null} COMMENT '{_quoted(column.comment)}'"


def _quoted(text: str) -> str:
    return text.replace("'", "\\'")
