from datetime import date

import numpy as np
import pytest

from insight.encoding.vocabulary import Vocabulary
from insight.errors import StageOrderError
from insight.tables import ITEM_VECTORS
from insight.training.item_vectors import _block, _fetched, read_item_vectors
from tests.frames import frame
from tests.memory_lake import MemoryLake

FIRST, SECOND, THIRD = date(2024, 3, 9), date(2024, 3, 10), date(2024, 3, 11)
VOCABULARY = Vocabulary(("tea", "cup", "pot"), ("a", "a", "a"))


@pytest.fixture
def lake(spark) -> MemoryLake:
    lake = MemoryLake(spark)
    rows = [
        ("tea", "text", FIRST, [1.0, 2.0]),
        ("tea", "text", SECOND, [3.0, 4.0]),
        ("tea", "text", THIRD, [9.0, 9.0]),
        ("tea", "image", FIRST, [5.0]),
        ("cup", "image", FIRST, [6.0]),
        ("pot", "text", FIRST, [7.0, 8.0, 9.0]),
        ("outside", "text", FIRST, [1.0, 1.0]),
    ]
    made = {"content_hash": "h", "encoder": "e", "encoder_version": "1"}
    named = (dict(zip(("item_id", "kind", "run_date", "vector"), row, strict=True)) for row in rows)
    vectors = frame(spark, ITEM_VECTORS, *({**made, **row} for row in named))
    lake.publish(vectors, ITEM_VECTORS, where="true")
    return lake


def test_an_items_newest_vectors_stand_side_by_side(lake):
    # Image before text, by name; the pot's text is of another length than the newest: gone.
    found = read_item_vectors(lake.run_for(SECOND), VOCABULARY, as_of=SECOND)
    np.testing.assert_array_equal(found, [[0, 0, 0], [0, 0, 0], [5, 3, 4], [6, 0, 0], [0, 0, 0]])
    assert found.dtype == np.float32


def test_vectors_come_in_parts_however_many_partitions_they_lie_in(spark):
    vectors = [(f"i{n}", kind, FIRST, [float(n)] * 2) for n in range(20) for kind in "ab"]
    # Of another width, and older.
    vectors += [("i3", "c", FIRST, [1.0]), ("i4", "c", SECOND, [2.0, 3.0])]
    schema = "item_id string, kind string, run_date date, vector array<float>"
    parts = _fetched(spark.createDataFrame(vectors, schema).repartition(5))
    assert sum(part["kind"] == "a" for part in parts) > 1
    known = Vocabulary(tuple(f"i{n}" for n in range(20)), ("a",) * 20)
    for kind in "ab":
        block = _block([part for part in parts if part["kind"] == kind], known)
        np.testing.assert_array_equal(block[2:], np.stack([np.arange(20)] * 2, axis=1))
    newest = _block([part for part in parts if part["kind"] == "c"], known)
    assert newest[2:].any(axis=1).nonzero()[0].tolist() == [4]
    assert newest[6].tolist() == [2, 3]


def test_vectors_of_later_nights_are_not_known_yet(lake):
    found = read_item_vectors(lake.run_for(THIRD), VOCABULARY, as_of=THIRD)
    assert found[2].tolist() == [5, 9, 9]


def test_vectors_are_of_what_items_said_by_the_last_training_cutoff(lake):
    told = [
        # Said anew after the cut-off, and by an item that is described only then.
        ("tea", "text", THIRD, "later", [9.0, 9.0]),
        ("cup", "text", THIRD, "later", [8.0, 8.0]),
        # The same content by a newer encoder.
        ("pot", "text", SECOND, "h", [7.0, 8.0]),
        ("pot", "text", THIRD, "h", [6.0, 6.0]),
        ("tea", "text", SECOND, "sooner", [3.0, 4.0]),
        ("tea", "text", FIRST, "h", [1.0, 2.0]),
    ]
    made = {"encoder": "e", "encoder_version": "1"}
    names = ("item_id", "kind", "run_date", "content_hash", "vector")
    rows = ({**made, **dict(zip(names, row, strict=True))} for row in told)
    lake.publish(frame(lake.spark, ITEM_VECTORS, *rows), ITEM_VECTORS, where="true")
    found = read_item_vectors(lake.run_for(THIRD), VOCABULARY, as_of=SECOND)
    assert found[2:].tolist() == [[3, 4], [0, 0], [6, 6]]
    # What the first night encoded holds for all time before it.
    long_ago = read_item_vectors(lake.run_for(THIRD), VOCABULARY, as_of=date(2023, 1, 1))
    assert long_ago[2].tolist() == [1, 2]


def test_a_vocabulary_without_any_vector_is_told(lake):
    with pytest.raises(StageOrderError, match=r"embed_items.*item_vectors to none"):
        read_item_vectors(lake.run_for(FIRST), Vocabulary(("other",), ("a",)), as_of=FIRST)
