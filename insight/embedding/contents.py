"""What of an item is embedded, and what of it is new."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

TEXT, IMAGE = "text", "image"

_WORDS = ("title", "category", "brand", "description")
_MADE_OF = ("content_hash", "encoder", "encoder_version")


def per_item_text(items: DataFrame, *, encoder: str, version: str) -> DataFrame:
    """``item_id, kind, content_hash, encoder, encoder_version, text`` of items with any words."""
    text = F.trim(F.concat_ws(", ", *(F.trim(name) for name in _WORDS)))
    worded = items.select("item_id", text.alias("text")).where("text RLIKE '[^, ]'")
    return worded.select(
        "item_id",
        F.lit(TEXT).alias("kind"),
        F.sha2("text", 256).alias("content_hash"),
        F.lit(encoder).alias("encoder"),
        F.lit(version).alias("encoder_version"),
        "text",
    )


def per_item_image(items: DataFrame) -> DataFrame:
    """``item_id, kind, content_hash, encoder, encoder_version, vector`` of items with a picture.

    Vectors of another length are of another encoder, as far as anybody can tell.
    """
    return items.where("image_vector IS NOT NULL").select(
        "item_id",
        F.lit(IMAGE).alias("kind"),
        F.sha2(F.to_json("image_vector"), 256).alias("content_hash"),
        F.lit("shop").alias("encoder"),
        F.size("image_vector").cast("string").alias("encoder_version"),
        F.col("image_vector").alias("vector"),
    )


def keep_new(contents: DataFrame, vectors: DataFrame) -> DataFrame:
    """Contents that are not what an item's newest vector was made of.

    An item that has lost its words or picture keeps its vector.

    Args:
        contents: What items say now.
        vectors: Rows of item_vectors of earlier nights.
    """
    made_of = F.max_by(F.struct(*_MADE_OF), "run_date").alias("made_of")
    newest = vectors.groupBy("item_id", "kind").agg(made_of).select("item_id", "kind", "made_of.*")
    return contents.join(newest, on=["item_id", "kind", *_MADE_OF], how="left_anti")


def per_known_text(texts: DataFrame, vectors: DataFrame) -> DataFrame:
    """``content_hash, vector`` of texts that some item had before: none is encoded twice.

    Args:
        texts: ``content_hash, encoder, encoder_version``, among others.
        vectors: Rows of item_vectors of earlier nights.
    """
    asked = texts.select(*_MADE_OF).distinct()
    known = vectors.where(F.col("kind") == TEXT).join(asked, on=[*_MADE_OF], how="left_semi")
    return known.groupBy("content_hash").agg(F.min("vector").alias("vector"))
