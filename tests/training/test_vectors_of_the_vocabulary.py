from datetime import date

import numpy as np
import pytest

from insight.encoding.vocabulary import Vocabulary
from insight.errors import StageOrderError
from insight.tables import ITEM_VECTORS
from insight.training.item_vectors import read_item_vectors
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
    found = read_item_vectors(lake.run_for(SECOND), VOCABULARY)
    np.testing.assert_array_equal(found, [[0, 0, 0], [0, 0, 0], [5, 3, 4], [6, 0, 0], [0, 0, 0]])
    assert found.dtype == np.float32


def test_vectors_of_later_nights_are_not_known_yet(lake):
    assert read_item_vectors(lake.run_for(THIRD), VOCABULARY)[2].tolist() == [5, 9, 9]


def test_a_vocabulary_without_any_vector_is_told(lake):
    with pytest.raises(StageOrderError, match=r"embed_items.*item_vectors to none"):
        read_item_vectors(lake.run_for(FIRST), Vocabulary(("other",), ("a",)))
