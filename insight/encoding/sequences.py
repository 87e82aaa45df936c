"""A customer's last events as fixed-length rows of indices: the same for training and scoring."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from insight.encoding.vocabulary import PADDING, Indices, Vocabulary

EVENT_TYPES = ("view", "cart", "purchase", "return")
"""Index 0 is padding, 1 unknown, then these in order."""

GAP_EDGES_SECONDS = np.array(
    [60, 600, 3600, 6 * 3600, *(d * 86400 for d in (1, 2, 4, 8, 16, 32, 64))]
)
"""Upper edges of the buckets of the silence before an event."""

PRICE_EDGES = np.array([0.5, 1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 250, 1000.0])
"""Upper edges of the price buckets, in the shop's currency."""

TYPE_COUNT = len(EVENT_TYPES) + 2
GAP_COUNT = len(GAP_EDGES_SECONDS) + 2
PRICE_COUNT = len(PRICE_EDGES) + 2

ANY_EVENT = EVENT_TYPES
"""Kinds of events that name an item as seen: all of them, types of another version too."""

SEQUENCE_INPUTS = ("item_indices", "type_indices", "gap_indices", "price_indices")


def encode_sequences(
    events: pa.ListArray, vocabulary: Vocabulary, *, length: int
) -> dict[str, Indices]:
    """The last ``length`` events of each customer as indices, padded with 0 on the left.

    Args:
        events: One list of event structs per customer, oldest first (customer_sequences.events).
        vocabulary: Gives the item indices.
        length: Positions per row.

    Returns:
        The arrays of ``SEQUENCE_INPUTS``, each of shape (customers, length).
    """
    counts = np.asarray(pc.fill_null(pc.list_value_length(events), 0), dtype=np.int64)
    fields = _fields(events)
    encoded = {
        "item_indices": vocabulary.encode(fields["item_id"]),
        "type_indices": _type_indices(fields["event_type"]),
        "gap_indices": _gap_indices(fields["event_at"], counts),
        "price_indices": np.digitize(_floats(fields["price"]), PRICE_EDGES) + 1,
    }
    return {name: _left_padded(flat, counts, length) for name, flat in encoded.items()}


def seen_types(kinds: Sequence[str]) -> list[bool]:
    """Whether an event of each type index makes its item a seen one, of length ``TYPE_COUNT``."""
    every = set(kinds) >= set(ANY_EVENT)
    return [False, every, *(name in kinds for name in EVENT_TYPES)]


def seen_items(items: Indices, types: Indices, kinds: Sequence[str]) -> Indices:
    """The items of events of some kinds, ``PADDING`` for others; both of shape (n, length)."""
    if set(kinds) >= set(ANY_EVENT):
        return items
    return np.where(np.array(seen_types(kinds))[types], items, PADDING)


def _fields(events: pa.ListArray) -> dict[str, pa.Array]:
    flat = events.flatten()
    names = [flat.type.field(i).name for i in range(flat.type.num_fields)]
    return dict(zip(names, flat.flatten(), strict=True))


def _type_indices(types: pa.Array) -> Indices:
    found = pc.index_in(types, value_set=pa.array(EVENT_TYPES))
    return np.asarray(pc.fill_null(found, -1), dtype=np.int64) + 2


def _gap_indices(event_at: pa.Array, counts: Indices) -> Indices:
    seconds = np.asarray(event_at.cast(pa.timestamp("s"), safe=False).cast(pa.int64()))
    gaps = np.diff(seconds, prepend=seconds[:1])
    firsts = (np.cumsum(counts) - counts)[counts > 0]
    # Nothing came before a first event: the longest silence there is.
    gaps[firsts] = np.iinfo(np.int64).max
    return np.asarray(np.digitize(gaps, GAP_EDGES_SECONDS) + 1, dtype=np.int64)


def _floats(values: pa.Array) -> npt.NDArray[np.float64]:
    numbers = values.to_numpy(zero_copy_only=False).astype(np.float64)
    return np.asarray(np.nan_to_num(numbers), dtype=np.float64)


def _left_padded(flat: npt.NDArray[np.int64], counts: Indices, length: int) -> Indices:
    padded = np.full((len(counts), length), PADDING, dtype=np.int64)
    ends = np.cumsum(counts)
    # Distance of each event from the end of its own row: 1 for the newest.
    rows = np.repeat(np.arange(len(counts)), counts)
    from_end = np.repeat(ends, counts) - np.arange(len(flat))
    kept = from_end <= length
    padded[rows[kept], length - from_end[kept]] = flat[kept]
    return padded
