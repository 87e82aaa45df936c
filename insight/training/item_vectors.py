"""The vectors of tonight's vocabulary, text beside image, as one matrix."""

import numpy as np
import pandas as pd
from pyspark.sql import functions as F

from insight.encoding.vocabulary import Vocabulary
from insight.errors import StageOrderError
from insight.models.arrays import Floats
from insight.stages import Run
from insight.tables import ITEM_VECTORS


def read_item_vectors(run: Run, vocabulary: Vocabulary) -> Floats:
    """The newest vectors of the vocabulary's items by the run date's end.

    Returns:
        Shape (vocabulary size, width): one block per kind, by name; zeros where an item has
        none.

    Raises:
        StageOrderError: No item of the vocabulary has a vector.
    """
    known = run.lake.read_or_empty(ITEM_VECTORS).where(F.col("run_date") <= F.lit(run.run_date))
    named = run.spark.createDataFrame([(each,) for each in vocabulary.item_ids], "item_id string")
    newest = F.max_by(F.struct("vector", "run_date"), "run_date").alias("newest")
    rows = known.join(F.broadcast(named), on="item_id", how="left_semi")
    # One row per item of the vocabulary and kind: it fits where the model's item table fits.
    found = rows.groupBy("item_id", "kind").agg(newest).select("item_id", "kind", "newest.*")
    vectors = found.toPandas()
    if vectors.empty:
        raise StageOrderError(
            f"table {ITEM_VECTORS.name} up to {run.run_date}",
            found="no vector of an item of the vocabulary",
            expected="those that training.item_vectors asks for",
            next_step="run embed_items for this date with text.encoder or image vectors, or set "
            "training.item_vectors to none",
        )
    kinds = sorted(vectors["kind"].unique())
    return np.hstack([_block(vectors[vectors["kind"] == kind], vocabulary) for kind in kinds])


def _block(vectors: pd.DataFrame, vocabulary: Vocabulary) -> Floats:
    """One kind's. Vectors of another length than the newest are of an encoder that is gone."""
    lengths = vectors["vector"].map(len)
    width = int(lengths[vectors["run_date"] == vectors["run_date"].max()].max())
    fitting = vectors[lengths == width]
    block = np.zeros((vocabulary.size, width), np.float32)
    block[vocabulary.encode(fitting["item_id"].tolist())] = np.stack(fitting["vector"].tolist())
    return block
