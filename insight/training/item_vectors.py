"""The vectors of tonight's vocabulary, text beside image, as one matrix."""

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.encoding.vocabulary import Vocabulary
from insight.errors import StageOrderError
from insight.local_frames import local_frame
from insight.models.arrays import Floats
from insight.stages import Run
from insight.tables import ITEM_VECTORS

_PACKED = pa.schema(
    {
        "kind": pa.string(),
        "width": pa.int32(),
        "newest": pa.date32(),
        "item_ids": pa.list_(pa.string()),
        "vectors": pa.binary(),
    }
)
_PACKED_DDL = "kind string, width int, newest date, item_ids array<string>, vectors binary"


def read_item_vectors(run: Run, vocabulary: Vocabulary, *, as_of: date) -> Floats:
    """The newest vectors of what the vocabulary's items said at the end of a date.

    Args:
        run: The night that trains.
        vocabulary: The items.
        as_of: The last training cut-off, so that what is judged later knows no later text.

    Returns:
        Shape (vocabulary size, width): one block per kind, by name; zeros where an item has
        none.

    Raises:
        StageOrderError: No item of the vocabulary has a vector.
    """
    known = run.lake.read_or_empty(ITEM_VECTORS).where(F.col("run_date") <= F.lit(run.run_date))
    named = local_frame(run.spark, [(each,) for each in vocabulary.item_ids], "item_id string")
    newest = F.max_by(F.struct("vector", "run_date"), "run_date").alias("newest")
    rows = _said_by(known, as_of).join(F.broadcast(named), on="item_id", how="left_semi")
    # One row per item of the vocabulary and kind: it fits where the model's item table fits.
    found = rows.groupBy("item_id", "kind").agg(newest).select("item_id", "kind", "newest.*")
    parts = _fetched(found)
    if not parts:
        raise StageOrderError(
            f"table {ITEM_VECTORS.name} up to {run.run_date}, of contents up to {as_of}",
            found="no vector of an item of the vocabulary",
            expected="those that training.item_vectors asks for",
            next_step="run embed_items for this date with text.encoder or image vectors, or set "
            "training.item_vectors to none",
        )
    kinds = sorted({part["kind"] for part in parts})
    blocks = [[part for part in parts if part["kind"] == kind] for kind in kinds]
    return np.hstack([_block(block, vocabulary) for block in blocks])


def _fetched(vectors: DataFrame) -> list[Row]:
    """Fetch vectors partition by partition, as one packed array per batch, kind and width.

    A result of one job holds one partition, so ``spark.driver.maxResultSize`` limits a partition
    and not the sum; and packed arrays take a fraction of the memory of rows.
    """
    return list(vectors.mapInArrow(_packing, _PACKED_DDL).toLocalIterator())


def _packing(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = batch.to_pandas()
        for (kind, width), alike in rows.groupby(["kind", rows["vector"].map(len)]):
            part = {
                "kind": kind,
                "width": width,
                "newest": alike["run_date"].max(),
                "item_ids": alike["item_id"].tolist(),
                "vectors": np.stack(alike["vector"].tolist()).astype("<f4").tobytes(),
            }
            yield pa.RecordBatch.from_pylist([part], schema=_PACKED)


def _said_by(vectors: DataFrame, as_of: date) -> DataFrame:
    """Vectors of contents that items had by the end of a date, whenever they were encoded.

    Another encoder makes a new vector of the same content. The contents of the first night that
    made vectors of a kind hold for all time before it, as the first catalogue does.
    """
    nights = Window.partitionBy("item_id", "kind").orderBy("run_date")
    before = F.lag("content_hash").over(nights)
    is_new = before.isNull() | (before != F.col("content_hash"))
    dated = vectors.withColumn("_new_on", F.when(is_new, F.col("run_date")))
    dated = dated.withColumn("_said_from", F.max("_new_on").over(nights))
    first = vectors.groupBy("kind").agg(F.min("run_date").alias("_first"))
    joined = dated.join(F.broadcast(first), on="kind", how="inner")
    is_known = (F.col("_said_from") <= F.lit(as_of)) | (F.col("_said_from") == F.col("_first"))
    return joined.where(is_known).select(*vectors.columns)


def _block(parts: list[Row], vocabulary: Vocabulary) -> Floats:
    """One kind's. Vectors of another length than the newest are of an encoder that is gone."""
    _, width = max((part["newest"], part["width"]) for part in parts)
    block = np.zeros((vocabulary.size, width), np.float32)
    for part in parts:
        if part["width"] == width:
            vectors = np.frombuffer(part["vectors"], "<f4").reshape(-1, width)
            block[vocabulary.encode(part["item_ids"])] = vectors
    return block
