"""Customers and items: a version of each description, written only when it has changed."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.tables import Table

_NOT_DESCRIBING = ("known_from", "ingest_date")


def with_reason(raw: DataFrame, *, key: str) -> DataFrame:
    """Adds ``reason``: why a description cannot be taken, null where it can."""
    reasons = {
        "malformed": F.col("malformed").isNotNull(),
        f"no_{key}": F.trim(F.coalesce(key, F.lit(""))) == "",
    }
    broken = [F.when(condition, F.lit(reason)) for reason, condition in reasons.items()]
    return raw.withColumn("reason", F.coalesce(*broken))


def per_entity_version(described: DataFrame, *, key: str, attributes: list[str]) -> DataFrame:
    """One row per entity and delivery: ``known_from`` is the delivery's date.

    Of several in one delivery, the last file's counts; ties go to the greatest description.
    """
    newest = F.max(F.struct("source_file", *attributes)).alias("newest")
    return (
        described.groupBy(F.trim(key).alias(key), F.col("file_date").alias("known_from"))
        .agg(newest)
        .select(key, "known_from", *(f"newest.{name}" for name in attributes))
    )


def keep_changes(
    versions: DataFrame, known: DataFrame, *, key: str, attributes: list[str]
) -> DataFrame:
    """Only versions that differ from the one before them, nulls being equal.

    Args:
        versions: What a night brought.
        known: The newest version of each entity that other nights brought.
        key: Names the entity.
        attributes: Its describing columns.
    """
    history = Window.partitionBy(key).orderBy("known_from", "_is_fresh")
    both = versions.withColumn("_is_fresh", F.lit(True)).unionByName(
        known.select(*versions.columns).withColumn("_is_fresh", F.lit(False))
    )
    now, before = F.struct(*attributes), F.lag(F.struct(*attributes)).over(history)
    compared = both.withColumn("_changed", before.isNull() | ~before.eqNullSafe(now))
    return compared.where("_is_fresh AND _changed").drop("_is_fresh", "_changed")


def attributes_of(table: Table) -> list[str]:
    """The describing columns of a dimension table."""
    return [name for name in table.column_names if name not in (*table.key, *_NOT_DESCRIBING)]
