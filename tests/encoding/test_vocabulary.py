"""Which number stands for which item."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from insight.encoding.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("tea", "cup", "pot"), ("drinks", "china", "drinks"))


def test_padding_and_the_unknown_come_before_known_items() -> None:
    encoded = VOCABULARY.encode(["tea", "cup", "jug", None, "pot", ""])
    assert encoded.tolist() == [2, 3, 1, 1, 4, 1]
    assert encoded.dtype == np.int64
    assert VOCABULARY.size == 5


def test_items_come_back_from_their_numbers() -> None:
    items = ["pot", "tea"]
    assert VOCABULARY.decode(VOCABULARY.encode(items)).to_pylist() == items


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_arrow_arrays_are_encoded_also_when_sliced(kind: pa.DataType) -> None:
    items = pa.array(["x", "cup", None, "tea"], kind)
    assert VOCABULARY.encode(items.slice(1)).tolist() == [3, 1, 2]
    assert VOCABULARY.encode(items.slice(0, 0)).tolist() == []


def test_categories_are_numbered_by_name_with_padding_and_unknown_before_them() -> None:
    assert VOCABULARY.category_names == ("china", "drinks")
    assert VOCABULARY.category_of_item.tolist() == [0, 1, 3, 2, 3]
    assert VOCABULARY.category_count == 4


def test_rows_of_the_table_come_in_any_order() -> None:
    rows = [(4, "pot", "drinks"), (2, "tea", "drinks"), (3, "cup", "china")]
    assert Vocabulary.from_rows(rows) == VOCABULARY


@pytest.mark.parametrize("vocabulary", [VOCABULARY, Vocabulary((), ())])
def test_a_saved_vocabulary_is_loaded_as_it_was(vocabulary: Vocabulary, tmp_path: Path) -> None:
    vocabulary.save(tmp_path)
    loaded = Vocabulary.load(tmp_path)
    assert loaded == vocabulary
    assert loaded.fingerprint == vocabulary.fingerprint
    assert loaded.encode(["tea"]).tolist() == vocabulary.encode(["tea"]).tolist()


def test_the_fingerprint_tells_order_and_categories_apart() -> None:
    others = [
        Vocabulary(("cup", "tea", "pot"), ("china", "drinks", "drinks")),
        Vocabulary(("tea", "cup", "pot"), ("drinks", "china", "china")),
        Vocabulary(("tea", "cup"), ("drinks", "china")),
    ]
    assert len({VOCABULARY.fingerprint, *(other.fingerprint for other in others)}) == 4
