"""Customers and items: the newest description of each, written only when it has changed."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.tables import Table


def with_reason(raw: DataFrame, *, key: str) -> DataFrame:
    """Adds ``reason``: why a description cannot be taken, null where it can."""
    reasons = {
        "malformed": F.col("malformed").isNotNull(),
        f"no_{key}": F.trim(F.coalesce(key, F.lit(""))) == "",
    }
    broken = [F.when(condition, F.lit(reason)) for reason, condition in reasons.items()]
    return raw.withColumn("reason", F.coalesce(*broken))


def per_entity_newest(described: DataFrame, *, key: str, attributes: list[str]) -> DataFrame:
    """One row per entity: its last delivered description; ties go to the greatest one."""
    order = F.struct("file_date", "source_file", *attributes)
    newest = F.max(F.struct(order.alias("order"), *attributes)).alias("newest")
    return (
        described.groupBy(key).agg(newest).select(key, *(f"newest.{name}" for name in attributes))
    )


def drop_unchanged(
    newest: DataFrame, known: DataFrame, *, key: str, attributes: list[str]
) -> DataFrame:
    """Without the entities whose known description is the same, nulls being equal."""
    before = known.select(F.col(key).alias("_key"), F.struct(*attributes).alias("_known"))
    same = (F.col(key) == F.col("_key")) & F.struct(*attributes).eqNullSafe(F.col("_known"))
    return newest.join(before, same, how="left_anti")


def attributes_of(table: Table) -> list[str]:
    """The describing columns of a dimension table."""
    return [name for name in table.column_names if name not in (*table.key, "known_from")]
