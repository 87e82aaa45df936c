"""A file of lines ``user item item …`` as leave-one-out splits in the model's own form."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from insight.encoding.arrays import lists
from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import CONTEXT_WIDTH, YES_NO_TASKS
from insight.encoding.vocabulary import FIRST_KNOWN, PADDING, Indices, Vocabulary
from insight.errors import SourceFormatError

FILES = 4
ROWS_PER_GROUP = 1024
FEWEST_ITEMS = 3
"""Of a user to learn from: the last is the test, the one before it the validation."""
LATER_VISIT = 5
"""Index of a gap of a day; as a type or a price it says as little as any other."""


class Rows(NamedTuple):
    """Histories and what came next.

    Args:
        items: Item indices, oldest first, padded with 0 on the left; (rows, length).
        targets: The item that came next, 0 where nothing is asked; shape (rows,).
        seen: All that was had before, of any length, by row.
    """

    items: Indices
    targets: Indices
    seen: Sequence[Indices]


def padded(sequences: Sequence[Indices], length: int) -> Indices:
    """The newest items of each, padded with 0 on the left; shape (sequences, length)."""
    rows = np.full((len(sequences), length), PADDING, np.int64)
    for row, sequence in zip(rows, sequences, strict=True):
        newest = sequence[-length:]
        row[length - len(newest) :] = newest
    return rows


@dataclass(frozen=True)
class Sequences:
    """What every user had, in order.

    Args:
        items: Item ids; the one at position i has index i + 2.
        histories: Item indices of each user (line), oldest first.
    """

    items: tuple[str, ...]
    histories: list[Indices]

    @property
    def size(self) -> int:
        """Item indices in use, padding and unknown among them."""
        return len(self.items) + FIRST_KNOWN

    @classmethod
    def read(cls, path: Path) -> "Sequences":
        """Read one user per line: a name, then items in order of time.

        A byte-order mark at the file's start, as spreadsheets write it, is no part of a name.

        Raises:
            SourceFormatError: The file is not UTF-8; a line is empty (lines are counted, so that it
                would be a user); or nobody has three items, of which two are held back.
        """
        index_of: dict[str, int] = {}
        histories = []
        for number, line in enumerate(_text_of(path).splitlines(), 1):
            if not line.strip():
                raise _refusal(f"{path}, line {number}", "an empty line")
            _, *items = line.split()
            indices = [index_of.setdefault(item, len(index_of) + FIRST_KNOWN) for item in items]
            histories.append(np.array(indices, np.int64))
        if max(map(len, histories), default=0) < FEWEST_ITEMS:
            raise _refusal(f"{path}", f"no line of a user with {FEWEST_ITEMS} items")
        return cls(tuple(index_of), histories)

    def from_end(self, place: int) -> Indices:
        """Each user's item at a place counted from the end, 1 for the last; shape (users,).

        0 where nothing came before it: what nothing is known of is not asked for.
        """
        asked = [history[-place] if len(history) > place else 0 for history in self.histories]
        return np.array(asked, np.int64)


@dataclass(frozen=True)
class LeaveOneOut:
    """The splits of every user's items.

    Args:
        sequences: What users had.
        length: Newest items that count.
    """

    sequences: Sequences
    length: int = 50

    @property
    def train(self) -> Rows:
        """All but the last two items; every position has a next item to learn."""
        return self._split(3)

    @property
    def validation(self) -> Rows:
        """The last item but one."""
        return self._split(2)

    @property
    def test(self) -> Rows:
        """The last item."""
        return self._split(1)

    def _split(self, place: int) -> Rows:
        histories = self.sequences.histories
        seen = [history[: max(len(history) - place, 0)] for history in histories]
        return Rows(padded(seen, self.length), self.sequences.from_end(place), seen)


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(f"{path}, byte {error.start}", "bytes that are not UTF-8") from error


def _refusal(subject: str, found: str) -> SourceFormatError:
    return SourceFormatError(
        subject,
        found=found,
        expected="UTF-8 lines of a user and their items in order of time, with blanks between, and"
        f" at least one user with {FEWEST_ITEMS} items",
        next_step="correct the file that --data names",
    )


def categories_of(path: Path, sequences: Sequences) -> Indices:
    """Category index of every item index: the last, finest, of an item's attributes.

    Args:
        path: JSON: item to attributes, from coarse to fine.
        sequences: Give the items.
    """
    attributes = {item: str(found[-1]) for item, found in json.loads(_text_of(path)).items()}
    categories = tuple(attributes.get(item, "unknown") for item in sequences.items)
    return Vocabulary(sequences.items, categories).category_of_item


def write_examples(folder: Path, rows: Rows) -> tuple[str, ...]:
    """Training examples that know items alone: one type, no gaps, no prices, no features.

    Returns:
        The files' URLs, as the trainer takes them.
    """
    folder.mkdir(parents=True)
    items, next_item, _ = rows
    there = items > 0
    nothing = np.zeros(len(items), np.float32)
    # A new visit before every event: each position then asks the same question.
    columns = {name: there.astype(np.int64) * LATER_VISIT for name in SEQUENCE_INPUTS}
    columns |= {"item_indices": items, "features": nothing[:, None], "next_item": next_item}
    columns["campaign_context"] = np.zeros((len(items), CONTEXT_WIDTH), np.float32)
    columns["next_action"] = np.zeros(len(items), np.int64)
    labels = {f"{prefix}{task}": nothing for task in YES_NO_TASKS for prefix in ("", "has_")}
    columns |= {**labels, "has_next_action": nothing}
    columns["has_next_item"] = (next_item > 0).astype(np.float32)
    columns["row_checksum"] = np.arange(len(items))
    urls = []
    for number, part in enumerate(np.array_split(np.arange(len(items)), FILES)):
        path = folder / f"part-{number}.parquet"
        arrays = {name: _array(values[part]) for name, values in columns.items()}
        # Groups of one size: the small rest of each file would always be the last rank's.
        groups = math.ceil(len(part) / ROWS_PER_GROUP)
        pq.write_table(pa.table(arrays), path, row_group_size=math.ceil(len(part) / groups))
        urls.append(path.as_uri())
    return tuple(urls)


def _array(values: np.ndarray) -> pa.Array:
    return (
        pa.array(values) if values.ndim == 1 else lists(values, pa.from_numpy_dtype(values.dtype))
    )
