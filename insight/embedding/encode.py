"""Texts to vectors, in the executors."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame

from insight.encoding.arrays import lists
from insight.settings import TextSettings

TEXTS_PER_TASK = 256
"""A second or two of work, so that cores end together."""


def encode_texts(texts: DataFrame, settings: TextSettings, *, count: int) -> DataFrame:
    """``content_hash, vector`` of distinct texts.

    A vector's last bits change with the texts that share its batch. So tasks and batches follow
    from the texts alone, not from the cores: a rerun gives the same bits.

    Args:
        texts: ``content_hash, text``, each once.
        settings: How they are read.
        count: How many there are.
    """

    def encode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            # TensorFlow is imported here, in the worker; the driver stays without it.
            from insight.models.text_encoder import text_encoder
            from insight.models.threads import keep_to_task

            keep_to_task()
            hashes, words = batch.columns
            vectors = text_encoder().encode(
                words.to_pylist(), batch_size=settings.batch_size, max_tokens=settings.max_tokens
            )
            found = lists(vectors, pa.float32())
            yield pa.RecordBatch.from_arrays([hashes, found], names=["content_hash", "vector"])

    tasks = -(-count // TEXTS_PER_TASK) or 1
    spread = texts.select("content_hash", "text").repartition(tasks, "content_hash")
    return spread.mapInArrow(encode, "content_hash string, vector array<float>")
