"""Rows that belong together, brought together for code that Spark does not look into."""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F


def shuffle_partitions(spark: SparkSession) -> int:
    """Into how many partitions a shuffle goes, before adaptive execution joins some of them."""
    return int(str(spark.conf.get("spark.sql.shuffle.partitions")))


def together_by(
    rows: DataFrame, column: str | Column, *, partitions: int | None = None
) -> DataFrame:
    """The rows with each value of a column in one partition, for ``mapInArrow`` to rely on.

    ``rows.repartition(column)`` does not promise that. After a join on the same column the
    planner takes the shuffle out as one too many, and adaptive execution may then read the
    join's other side where it lies (a local shuffle read), since ``mapInArrow`` states no
    distribution that it needs: one customer's events end up in several partitions, and so does
    what is made of them. By a hash of the column the shuffle is never one too many.

    Args:
        rows: Any.
        column: What lies together.
        partitions: How many; without it adaptive execution chooses.
    """
    by = F.xxhash64(column)
    return rows.repartition(by) if partitions is None else rows.repartition(partitions, by)
