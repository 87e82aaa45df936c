"""A customer's events as rows of numbers of one length."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insight.encoding.sequences import (
    GAP_COUNT,
    GAP_EDGES_SECONDS,
    PRICE_COUNT,
    PRICE_EDGES,
    SEQUENCE_INPUTS,
    TYPE_COUNT,
    encode_sequences,
)
from insight.encoding.vocabulary import Vocabulary
from tests.frames import at

VOCABULARY = Vocabulary(("tea", "cup"), ("drinks", "china"))
NINE = at("2024-03-10 09:00")

EVENT = pa.struct(
    [
        ("event_at", pa.timestamp("us", tz="UTC")),
        ("tie_break", pa.int64()),
        ("item_id", pa.string()),
        ("event_type", pa.string()),
        ("price", pa.float64()),
    ]
)


def _event(
    when: datetime = NINE, item: str = "tea", kind: str = "purchase", price: float | None = 1.5
) -> dict[str, Any]:
    return {
        "event_at": when,
        "tie_break": 0,
        "item_id": item,
        "event_type": kind,
        "price": price,
    }


def _encoded(*customers: list[dict[str, Any]] | None, length: int = 3) -> dict[str, Any]:
    lists = pa.array(customers, pa.list_(EVENT))
    encoded = encode_sequences(lists, VOCABULARY, length=length)
    return {name: values.tolist() for name, values in encoded.items()}


def test_short_sequences_are_padded_on_the_left_and_long_ones_lose_their_oldest() -> None:
    items = ["tea", "cup", "jug", "cup"]
    encoded = _encoded([_event(item=i) for i in items], [_event(item="cup")], [], None)
    assert encoded["item_indices"] == [[3, 1, 3], [0, 0, 3], [0, 0, 0], [0, 0, 0]]


def test_types_are_numbered_after_padding_and_unknown() -> None:
    kinds = ["view", "cart", "purchase", "return", "wish"]
    encoded = _encoded([_event(kind=kind) for kind in kinds], length=6)
    assert encoded["type_indices"] == [[0, 2, 3, 4, 5, 1]]


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [
        (0, 1),
        (59, 1),
        (60, 2),
        (600, 3),
        (86_399, 5),
        (86_400, 6),
        (5_529_599, 11),
        (5_529_600, 12),
    ],
)
def test_a_silence_falls_into_its_bucket(seconds: int, bucket: int) -> None:
    later = NINE + timedelta(seconds=seconds)
    # Nothing came before a first event: the longest silence there is.
    assert _encoded([_event(), _event(later)])["gap_indices"] == [[0, 12, bucket]]
    assert GAP_COUNT == len(GAP_EDGES_SECONDS) + 2 == 13


def test_the_silence_before_a_first_event_is_not_that_since_another_customer() -> None:
    encoded = _encoded([_event(NINE)], [], [_event(NINE), _event(NINE)], length=2)
    assert encoded["gap_indices"] == [[0, 12], [0, 0], [12, 1]]


def test_the_first_event_kept_knows_the_silence_before_it() -> None:
    moments = [NINE, NINE + timedelta(seconds=90), NINE + timedelta(seconds=100)]
    assert _encoded([_event(m) for m in moments], length=2)["gap_indices"] == [[2, 1]]


@pytest.mark.parametrize(
    ("price", "bucket"), [(0.0, 1), (0.49, 1), (0.5, 2), (999.99, 13), (1000.0, 14), (None, 1)]
)
def test_a_price_falls_into_its_bucket(price: float | None, bucket: int) -> None:
    assert _encoded([_event(price=price)], length=1)["price_indices"] == [[bucket]]
    assert PRICE_COUNT == len(PRICE_EDGES) + 2 == 15


def test_no_customers_and_no_events_are_no_trouble() -> None:
    for customers in ((), ([],), (None, [])):
        encoded = _encoded(*customers, length=2)
        assert set(encoded) == set(SEQUENCE_INPUTS)
        assert all(values == [[0, 0]] * len(customers) for values in encoded.values())


def test_a_slice_of_a_batch_is_encoded_as_if_alone() -> None:
    customers = [[_event(item="cup")], [_event()], [_event(), _event(item="cup")]]
    lists = pa.array(customers, pa.list_(EVENT))
    sliced = encode_sequences(lists.slice(1), VOCABULARY, length=2)
    assert {name: values.tolist() for name, values in sliced.items()} == _encoded(
        *customers[1:], length=2
    )


_EVENTS = st.lists(
    st.builds(
        _event,
        when=st.integers(0, 10**7).map(lambda s: NINE + timedelta(seconds=s)),
        item=st.sampled_from(["tea", "cup", "jug"]),
        kind=st.sampled_from(["view", "cart", "wish"]),
        price=st.none() | st.floats(0, 1e6),
    ),
    max_size=6,
).map(lambda events: sorted(events, key=lambda event: event["event_at"]))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(_EVENTS, min_size=1, max_size=5), st.integers(1, 8))
def test_customers_are_encoded_together_as_alone_and_within_bounds(
    customers: list[list[dict[str, Any]]], length: int
) -> None:
    together = _encoded(*customers, length=length)
    alone = [_encoded(events, length=length) for events in customers]
    counts = {"type_indices": TYPE_COUNT, "gap_indices": GAP_COUNT, "price_indices": PRICE_COUNT}
    for name, rows in together.items():
        assert rows == [row for one in alone for row in one[name]]
        real = [min(len(events), length) for events in customers]
        assert (np.array(rows) != 0).sum(axis=1).tolist() == real
        assert np.array(rows).max() < counts.get(name, VOCABULARY.size)
