"""Rows of like length in one batch, cut to its longest: padding is not computed.

Sequences are padded to one length in the table, and most customers fill a small part of it. A
window of rows is sorted by length and dealt into batches, which come in random order (batching
by length as in Vaswani et al. 2017, section 5.1).
"""

from collections.abc import Iterable, Iterator

import numpy as np

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.vocabulary import PADDING
from insight.training.shard import Arrays

WINDOW_BATCHES = 16
"""Batches whose rows are sorted together; within a window a row's batch hangs on its length."""


def by_length(
    rows: Iterable[Arrays], *, batch_size: int, most_rows: int, seed: int | None = None
) -> Iterator[Arrays]:
    """Batches of rows of like length, without the padding that all rows of one share.

    Args:
        rows: In parts of any size.
        batch_size: Rows per batch; only the last one of all may have less.
        most_rows: What comes after so many rows is left out.
        seed: Of the order of batches within a window. Without it the shortest come first.

    Yields:
        Batches whose sequences are as long as the longest of them, at least one event.
    """
    windows = in_windows(rows, batch_size * WINDOW_BATCHES, most_rows)
    for number, window in enumerate(windows):
        lengths = np.count_nonzero(window["item_indices"] != PADDING, axis=1)
        order = np.argsort(lengths, kind="stable")
        lengths = np.maximum(lengths[order], 1)
        ordered = {name: values[order] for name, values in window.items()}
        starts = np.arange(0, len(order), batch_size)
        if seed is not None:
            np.random.default_rng([seed, number]).shuffle(starts)
        for start in starts:
            end = min(start + batch_size, len(order))
            yield _part(ordered, start, end, longest=int(lengths[end - 1]))


def _part(rows: Arrays, start: int, end: int, *, longest: int) -> Arrays:
    return {
        name: values[start:end, -longest:] if name in SEQUENCE_INPUTS else values[start:end]
        for name, values in rows.items()
    }


def in_windows(rows: Iterable[Arrays], size: int, most_rows: int) -> Iterator[Arrays]:
    """The rows in parts of one size, the last one smaller, and ``most_rows`` in all."""
    held: list[Arrays] = []
    count = 0
    for part in rows:
        held.append(part)
        count += _rows_of(part)
        while count >= min(size, most_rows):
            whole = _joined(held)
            taken = min(size, most_rows)
            yield {name: values[:taken] for name, values in whole.items()}
            most_rows -= taken
            if not most_rows:
                return
            held = [{name: values[taken:] for name, values in whole.items()}]
            count -= taken
    if count:
        yield _joined(held)


def _rows_of(part: Arrays) -> int:
    return len(next(iter(part.values())))


def _joined(parts: list[Arrays]) -> Arrays:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
