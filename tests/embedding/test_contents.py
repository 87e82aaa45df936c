from datetime import date

from chispa import assert_df_equality
from pyspark.sql import functions as F

from insight.embedding.contents import keep_new, per_item_image, per_item_text, per_known_text
from insight.local_frames import local_frame
from insight.tables import ITEM_VECTORS, ITEMS
from tests.frames import frame

FIRST, SECOND = date(2024, 3, 9), date(2024, 3, 10)
SAID = "item_id string, kind string, content_hash string, encoder string, encoder_version string"


def _items(spark, *rows):
    dated = ({"known_from": FIRST, "ingest_date": FIRST, **row} for row in rows)
    return frame(spark, ITEMS, *dated)


def _vectors(spark, *rows):
    """Item, hash, encoder's version, night and vector of some texts."""
    names = ("item_id", "content_hash", "encoder_version", "run_date", "vector")
    full = [{"kind": "text", "encoder": "e", **dict(zip(names, row, strict=True))} for row in rows]
    return frame(spark, ITEM_VECTORS, *full)


def test_an_items_text_is_all_that_is_said_of_it_in_words(spark):
    items = _items(
        spark,
        {"item_id": "tea", "title": " Black tea ", "category": "Drinks", "description": "Loose."},
        {"item_id": "cup", "brand": "Ceramica"},
        {"item_id": "mute", "title": " ", "price": 2.0},
        {"item_id": "null"},
    )
    found = per_item_text(items, encoder="e", version="1")
    expected = local_frame(
        spark,
        [("tea", "Black tea, Drinks, Loose."), ("cup", "Ceramica")],
        "item_id string, text string",
    )
    said = found.select("item_id", "text")
    assert_df_equality(said, expected, ignore_row_order=True, ignore_nullable=True)


def test_equal_texts_have_one_hash(spark):
    titles = {"a": "tea", "b": "tea ", "c": "Tea"}
    items = _items(spark, *({"item_id": each, "title": titles[each]} for each in titles))
    texts = per_item_text(items, encoder="e", version="1")
    hashes = {row["item_id"]: row["content_hash"] for row in texts.collect()}
    assert hashes["a"] == hashes["b"] != hashes["c"]


def test_an_item_without_a_picture_has_no_image_vector(spark):
    items = _items(spark, {"item_id": "tea", "image_vector": [0.5, -1.0]}, {"item_id": "blind"})
    found = per_item_image(items).drop("content_hash")
    expected = local_frame(
        spark,
        [("tea", "image", "shop", "2", [0.5, -1.0])],
        "item_id string, kind string, encoder string, encoder_version string, vector array<float>",
    )
    assert_df_equality(found, expected, ignore_nullable=True)


def test_only_what_differs_from_the_newest_vector_is_new(spark):
    before = _vectors(
        spark,
        ("same", "h1", "1", FIRST, [1.0]),
        ("changed", "h1", "1", FIRST, [1.0]),
        ("back again", "h1", "1", FIRST, [1.0]),
        ("back again", "h2", "1", SECOND, [2.0]),
        ("old encoder", "h1", "0", FIRST, [1.0]),
    )
    said = [("same", "h1"), ("changed", "h2"), ("back again", "h1"), ("old encoder", "h1")]
    rows = [(item, "text", content, "e", "1") for item, content in [*said, ("new", "h1")]]
    found = keep_new(local_frame(spark, rows, SAID), before)
    assert {row["item_id"] for row in found.collect()} == {
        "changed",
        "back again",
        "old encoder",
        "new",
    }


def test_a_text_that_another_item_had_is_known(spark):
    before = _vectors(
        spark,
        ("a", "h1", "1", FIRST, [1.0]),
        ("b", "h1", "1", SECOND, [1.0]),
        ("c", "h2", "0", FIRST, [2.0]),
    )
    rows = [("new", "text", "h1", "e", "1"), ("other", "text", "h2", "e", "1")]
    known = per_known_text(local_frame(spark, rows, SAID), before)
    assert [tuple(row) for row in known.select("content_hash", F.col("vector")[0]).collect()] == [
        ("h1", 1.0)
    ]
