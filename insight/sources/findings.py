"""What in one file does not parse, and where it is first found."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from insight.sources.column_names import TORN
from insight.sources.declaration import Feed

_PLACES = (1 << 33) - 1
"""Mask of a row's place within its partition, in Spark's increasing ids."""


@dataclass(frozen=True)
class Finding:
    """Values of one column that do not parse.

    Args:
        column: The column, or ``TORN`` if no field of a row can be told from another.
        share: Of the file's rows.
        first_row: Number of the first such row, counted from 1 without header and blank lines.
        shape: The form of one of them.
    """

    column: str
    share: float
    first_row: int
    shape: str


def findings(rows: DataFrame, feed: Feed) -> list[Finding]:
    """The columns of one file with values that did not parse, the largest share first."""
    names = [*feed.columns, TORN]
    parsed = F.from_json("malformed", "map<string, string>").alias("told")
    place = F.monotonically_increasing_id().alias("place")
    numbered = rows.select(parsed, place, F.spark_partition_id().alias("part"))
    told = [
        F.struct(
            F.count(F.col("told")[name]).alias("count"),
            F.min(F.when(F.col("told")[name].isNotNull(), F.col("place"))).alias("first"),
            F.max(F.col("told")[name]).alias("shape"),
        ).alias(f"told_{position}")
        for position, name in enumerate(names)
    ]
    parts = numbered.groupBy("part").agg(F.count(F.lit(1)).alias("rows"), *told)
    counted = parts.orderBy("part").collect()
    found = [
        finding
        for position, name in enumerate(names)
        if (finding := _finding(name, counted, f"told_{position}"))
    ]
    return sorted(found, key=lambda one: (-one.share, one.column))


def _finding(column: str, parts: Sequence[Row], told: str) -> Finding | None:
    total = sum(part["rows"] for part in parts)
    before = 0
    for part in parts:
        first = part[told]["first"]
        if first is not None:
            count = sum(part[told]["count"] for part in parts)
            shape = max(part[told]["shape"] or "" for part in parts)
            return Finding(column, count / total, before + (first & _PLACES) + 1, shape)
        before += part["rows"]
    return None
