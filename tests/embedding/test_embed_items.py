"""Two nights of a shop of a few items, with the real encoder in a worker."""

from datetime import date

import numpy as np
import pytest

from insight.embedding import encode
from insight.embedding.stage import embed_items
from insight.models.text_encoder import text_encoder
from insight.tables import ITEM_VECTORS, ITEMS
from tests.frames import frame
from tests.memory_lake import MemoryLake

FIRST, SECOND = date(2024, 3, 9), date(2024, 3, 10)
SIZES = {"batch_size": 64, "max_tokens": 128}
MINILM = {"text.encoder": "minilm"}


def _describe(lake: MemoryLake, day: date, *rows: dict[str, object]) -> None:
    dated = ({"known_from": day, "ingest_date": day, **row} for row in rows)
    lake.publish(frame(lake.spark, ITEMS, *dated), ITEMS, where=f"ingest_date = '{day}'")


def _vectors(lake: MemoryLake, day: date) -> dict[tuple[str, str], list[float]]:
    rows = lake.read(ITEM_VECTORS).where(f"run_date = '{day}'").collect()
    return {(row["item_id"], row["kind"]): row["vector"] for row in rows}


@pytest.fixture(scope="module")
def lake(spark) -> MemoryLake:
    lake = MemoryLake(spark)
    tea = {"item_id": "tea", "title": "Black tea", "price": 2.0, "image_vector": [0.5, -1.0]}
    twin = {"item_id": "twin", "title": "Black tea"}
    cup = {"item_id": "cup", "title": "Cup"}
    _describe(lake, FIRST, tea, twin, cup, {"item_id": "mute"})
    assert embed_items(lake.run_for(FIRST, **MINILM)) is None
    # A price is no word; the cup says something else; the pot says what the tea has said.
    _describe(
        lake,
        SECOND,
        {**tea, "price": 3.0},
        {**cup, "title": "Mug"},
        {"item_id": "pot", "title": "Black tea"},
    )
    assert embed_items(lake.run_for(SECOND, **MINILM)) is None
    return lake


def test_the_first_night_embeds_all_that_say_something(lake):
    found = _vectors(lake, FIRST)
    assert set(found) == {("tea", "text"), ("tea", "image"), ("twin", "text"), ("cup", "text")}
    assert found["tea", "image"] == [0.5, -1.0]
    assert found["tea", "text"] == found["twin", "text"]
    expected = text_encoder().encode(["Black tea", "Cup"], **SIZES)
    np.testing.assert_allclose(found["tea", "text"], expected[0], atol=1e-5)
    np.testing.assert_allclose(found["cup", "text"], expected[1], atol=1e-5)


def test_the_second_night_embeds_only_what_is_new(lake):
    found = _vectors(lake, SECOND)
    assert set(found) == {("cup", "text"), ("pot", "text")}
    assert found["pot", "text"] == _vectors(lake, FIRST)["tea", "text"]
    assert found["cup", "text"] != _vectors(lake, FIRST)["cup", "text"]


def test_a_rerun_of_either_night_writes_the_same(lake):
    for day in (FIRST, SECOND):
        before = _vectors(lake, day)
        embed_items(lake.run_for(day, **MINILM))
        assert _vectors(lake, day) == before


def test_a_night_without_news_encodes_nothing_and_says_so(lake):
    assert embed_items(lake.run_for(date(2024, 3, 11), **MINILM)) == "no item says anything new"


def test_texts_are_encoded_only_on_request_and_pictures_always(spark, monkeypatch):
    monkeypatch.delattr(encode, "encode_texts")
    lake = MemoryLake(spark)
    _describe(lake, FIRST, {"item_id": "tea", "title": "Tea", "image_vector": [1.0]})
    embed_items(lake.run_for(FIRST))
    assert _vectors(lake, FIRST) == {("tea", "image"): [1.0]}
    reason = "no new pictures, and text.encoder is none"
    assert embed_items(lake.run_for(SECOND)) == reason
