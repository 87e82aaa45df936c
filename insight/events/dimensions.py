"""Customers and items: a version of each description, written only when it has changed.

An attribute that a delivery lacks keeps its last known value, unless the source says that it was
removed (docs/decisions/0023-repeats-and-absence.md).
"""

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
_REMOVED = "absent_is_removed"
_OF_THE_DELIVERY = ("source", "source_file", "malformed", "key_id", "original", _REMOVED)

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


def changed_versions(sound: DataFrame, before: DataFrame, *, table: Table) -> DataFrame:
    """The night's versions that differ from what was known, without ``ingest_date``.

    Args:
        sound: Rows of the raw table that broke no rule.
        before: The rows that other nights wrote.
        table: The dimension table.
    """
    key, attributes = table.key[0], attributes_of(table)
    order = F.struct(*_NOT_DESCRIBING)
    newest = F.max_by(F.struct("known_from", *attributes), order).alias("newest")
    known = before.groupBy(key).agg(newest).select(key, "newest.*")
    delivered = per_entity_version(sound, key=key, attributes=attributes)
    versions = with_last_known(delivered, known, key=key, attributes=attributes)
    return keep_changes(versions, known, key=key, attributes=attributes)


def per_entity_version(described: DataFrame, *, key: str, attributes: list[str]) -> DataFrame:
    """One row per entity and delivery: ``known_from`` is the delivery's date.

    Of several in one delivery, the last file's counts; ties go to the greatest description. What
    it lacks comes from the others, unless absence means removal.
    """
    order = F.struct("source_file", *attributes)
    last = F.max_by(F.struct(*attributes, _REMOVED), order).alias("last")
    present = [F.max_by(name, F.when(F.col(name).isNotNull(), order)) for name in attributes]
    found = [F.when(F.col(f"last.{_REMOVED}"), F.col(f"last.{name}")) for name in attributes]
    return (
        described.groupBy(F.trim(key).alias(key), F.col("file_date").alias("known_from"))
        .agg(last, *(value.alias(name) for value, name in zip(present, attributes, strict=True)))
        .select(
            key,
            "known_from",
            *(
                value.otherwise(F.col(n)).alias(n)
                for value, n in zip(found, attributes, strict=True)
            ),
            f"last.{_REMOVED}",
        )
    )


def with_last_known(
    versions: DataFrame, known: DataFrame, *, key: str, attributes: list[str]
) -> DataFrame:
    """Fill in what a delivery lacks from the deliveries before it, never from later ones.

    Args:
        versions: What a night brought, one row per entity and delivery.
        known: The newest version of each entity that other nights brought.
        key: Names the entity.
        attributes: Its describing columns.
    """
    # What is known is complete: an attribute that is null there is not known, or was removed.
    both = versions.withColumn("_is_fresh", F.lit(True)).unionByName(
        known.select(key, "known_from", *attributes).withColumns(
            {_REMOVED: F.lit(True), "_is_fresh": F.lit(False)}
        )
    )
    history = Window.partitionBy(key).orderBy("known_from", "_is_fresh")

    def last_known(name: str) -> Column:
        says = F.col(name).isNotNull() | F.col(_REMOVED)
        said = F.when(says, F.struct(F.col(name).alias("value")))
        return F.last(said, ignorenulls=True).over(history)["value"]

    filled = both.withColumns({name: last_known(name) for name in attributes})
    return filled.where("_is_fresh").select(key, "known_from", *attributes)


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
