"""Customers and items: a version of each description, written only when it has changed."""

from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType
from pyspark.sql.window import Window

from insight.events.rules import currency_rules, text_not_clean
from insight.settings import CleanSettings
from insight.tables import Table

_NOT_DESCRIBING = ("known_from", "ingest_date")
_OF_THE_DELIVERY = ("source", "source_file", "malformed", "key_id", "original")


_LONGEST_TEXT = 100_000
"""Letters of a title or description: with more, a file has slipped into a field."""


def description_rules(raw: DataFrame, *, key: str, settings: CleanSettings) -> dict[str, Column]:
    """Reason to condition: why a description cannot be taken; null counts as not broken."""
    attributes = [f.name for f in raw.schema if f.name not in _OF_THE_DELIVERY]
    texts = [name for name in attributes if raw.schema[name].dataType == StringType()]
    long = [F.coalesce(F.length(name) > _LONGEST_TEXT, F.lit(False)) for name in texts]
    limits = {"price": settings.max_price, "stock_units": settings.max_stock}
    # NaN compares as greater than any number in Spark, and is refused here with infinity.
    numbers = {
        f"{name}_out_of_bounds": (F.col(name) < 0) | (F.col(name) > limit)
        for name, limit in limits.items()
        if name in attributes
    }
    pictures = _image_rules(settings.image_vector_length) if "image_vector" in attributes else {}
    return {
        "malformed": F.col("malformed").isNotNull(),
        f"no_{key}": F.trim(F.coalesce(key, F.lit(""))) == "",
        "text_not_clean": text_not_clean((key,), settings.max_text_length),
        "text_too_long": reduce(or_, long),
        **(currency_rules(settings) if "currency" in attributes else {}),
        **numbers,
        **pictures,
    }


def _image_rules(length: int) -> dict[str, Column]:
    vector = F.col("image_vector")
    # A number less itself is 0, but for NaN and infinity; a null is none.
    finite = F.forall(vector, lambda x: F.coalesce(x - x == 0, F.lit(False)))
    return {
        "image_vector_of_another_length": F.size(vector) != length,
        "image_vector_not_finite": ~finite,
    }


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
