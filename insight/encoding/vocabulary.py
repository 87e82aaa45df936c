"""Which number stands for which item: 0 padding, 1 unknown, known items from 2."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

PADDING = 0
UNKNOWN = 1
FIRST_KNOWN = 2

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vocabulary:
    """Items and their categories, in index order.

    Args:
        item_ids: Known items; the item at position i has index i + 2.
        categories: Category of each known item, by name.
    """

    item_ids: tuple[str, ...]
    categories: tuple[str, ...]

    @classmethod
    def from_rows(cls, rows: Sequence[tuple[int, str, str]]) -> "Vocabulary":
        """From ``(item_index, item_id, category)`` rows of the item_vocabulary table."""
        ordered = sorted(rows)
        return cls(tuple(row[1] for row in ordered), tuple(row[2] for row in ordered))

    @property
    def size(self) -> int:
        """Indices in use, padding and unknown among them."""
        return len(self.item_ids) + FIRST_KNOWN

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        """Known categories by name; the one at position i has index i + 2."""
        return tuple(sorted(set(self.categories)))

    @property
    def category_count(self) -> int:
        return len(self.category_names) + FIRST_KNOWN

    @cached_property
    def category_of_item(self) -> Indices:
        """Category index of every item index, shape (size,)."""
        index_of = {name: i + FIRST_KNOWN for i, name in enumerate(self.category_names)}
        known = [index_of[name] for name in self.categories]
        return np.array([PADDING, UNKNOWN, *known], dtype=np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over items and categories in order, in hex."""
        lines = (f"{i}\t{c}" for i, c in zip(self.item_ids, self.categories, strict=True))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @cached_property
    def _values(self) -> pa.Array:
        return pa.array(self.item_ids, type=pa.string())

    def encode(self, item_ids: Sequence[str] | pa.Array) -> Indices:
        """Indices of items; 1 for the unknown and for null. Shape (n,)."""
        values = item_ids if isinstance(item_ids, pa.Array) else pa.array(item_ids, pa.string())
        found = pc.fill_null(pc.index_in(values, value_set=self._values), UNKNOWN - FIRST_KNOWN)
        return np.asarray(found, dtype=np.int64) + FIRST_KNOWN

    def decode(self, indices: Indices) -> pa.Array:
        """Item ids of known indices (all must be 2 or more)."""
        return self._values.take(pa.array(indices - FIRST_KNOWN))

    def save(self, folder: Path) -> None:
        table = pa.table({"item_id": self.item_ids, "category": self.categories})
        pq.write_table(table, folder / "vocabulary.parquet")

    @classmethod
    def load(cls, folder: Path) -> "Vocabulary":
        table = pq.read_table(folder / "vocabulary.parquet")
        return cls(tuple(table["item_id"].to_pylist()), tuple(table["category"].to_pylist()))
