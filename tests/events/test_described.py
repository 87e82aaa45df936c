"""What was known of an item when an event was delivered, and what it may fill in."""

from datetime import date
from typing import Any

import pytest
from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from insight.events.described import per_item_version, with_description, with_imputed_values
from insight.local_frames import local_frame
from insight.settings import CleanSettings
from insight.tables import ITEMS
from tests.frames import frame, in_batches, raw_events

VERSIONS = (
    "item_key string, valid_from date, valid_until date, category string, brand string, "
    "list_price double"
)


def _day(number: int) -> date:
    return date(2024, 3, number)


def _items(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    names = ("item_id", "known_from", "category", "brand", "price")
    described = [
        {"ingest_date": row[1], **dict(zip(names, row, strict=False)), "title": f"title {n}"}
        for n, row in enumerate(rows)
    ]
    return frame(spark, ITEMS, *described)


def test_one_version_per_change_of_what_events_are_told_of_an_item(spark: SparkSession) -> None:
    described = _items(
        spark,
        ("tea", _day(9), "drinks", "b", 2.0),
        # Only the title differs.
        ("tea", _day(5), "drinks", "b", 2.0),
        ("tea", _day(1), "drinks", None, 2.0),
        ("tea", _day(2), "drinks", None, 2.0),
        ("tea", _day(12), "drinks", None, 2.0),
        ("cup", _day(3), None, None, None),
        ("cup", _day(4), None, None, None),
    )
    expected = local_frame(
        spark,
        [
            ("tea", _day(1), _day(5), "drinks", None, 2.0),
            ("tea", _day(5), _day(12), "drinks", "b", 2.0),
            ("tea", _day(12), None, "drinks", None, 2.0),
            ("cup", _day(3), None, None, None, None),
        ],
        VERSIONS,
    )
    actual = per_item_version(described)
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_of_two_descriptions_of_one_date_the_later_night_read_the_newer(
    spark: SparkSession,
) -> None:
    described = _items(spark, *(("tea", _day(9), name, None, 1.0) for name in ("newer", "older")))
    nights = local_frame(
        spark, [("newer", _day(10)), ("older", _day(9))], "category string, ingest_date date"
    )
    versions = per_item_version(described.drop("ingest_date").join(nights, on="category"))
    rows = raw_events(spark, {"file_date": _day(9)}, {"file_date": _day(10)})
    found = with_description(rows, versions).collect()
    assert [row["category"] for row in found] == ["newer", "newer"]


def test_events_are_told_what_was_known_at_their_delivery_never_what_came_later(
    spark: SparkSession,
) -> None:
    versions = local_frame(
        spark,
        [
            ("tea", _day(5), _day(9), "old", "b", 1.0),
            ("tea", _day(9), None, "new", None, 3.0),
        ],
        VERSIONS,
    )
    days = (4, 5, 8, 9, 20)
    rows = raw_events(
        spark,
        *({"file_date": _day(n), "item_id": " tea "} for n in days),
        {"file_date": _day(9), "item_id": "cup"},
        {"file_date": _day(9), "item_id": None},
    )
    actual = with_description(rows, versions)
    assert actual.columns == [*rows.columns, "category", "brand", "list_price"]
    found = {r["event_id"]: (r["category"], r["brand"], r["list_price"]) for r in actual.collect()}
    unknown, old, new = (None, None, None), ("old", "b", 1.0), ("new", None, 3.0)
    expected = [unknown, old, old, new, new, unknown, unknown]
    assert found == {f"e{n}": what for n, what in enumerate(expected)}


# price, quantity, type -> price, quantity, imputed, where all is imputed, and where all is dropped.
LINES: list[tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]] = [
    ((2.0, 3.0, "purchase"), (2.0, 3.0, None), (2.0, 3.0, None)),
    ((None, 3.0, "purchase"), (9.0, 3.0, "price_imputed"), (None, 3.0, None)),
    ((None, 3.0, "return"), (9.0, 3.0, "price_imputed"), (None, 3.0, None)),
    ((2.0, None, "purchase"), (2.0, 1.0, "quantity_imputed"), (2.0, None, None)),
    (
        (None, None, "purchase"),
        (9.0, 1.0, "price_imputed,quantity_imputed"),
        (None, None, None),
    ),
    # A look has no price to make up, and is one look.
    ((None, None, "view"), (None, 1.0, None), (None, 1.0, None)),
    ((None, None, None), (None, 1.0, None), (None, 1.0, None)),
    ((0.0, 0.0, "purchase"), (0.0, 0.0, None), (0.0, 0.0, None)),
]


@pytest.mark.parametrize("policy", ["impute", "drop"])
def test_what_is_missing_of_a_sale_is_filled_in_and_noted_or_left(
    spark: SparkSession, policy: Any
) -> None:
    rows = raw_events(
        spark,
        *({"price": p, "quantity": q, "event_type": kind} for (p, q, kind), _, _ in LINES),
        # Nothing is known of a cup.
        {"price": None, "item_id": "cup"},
    )
    versions = local_frame(spark, [("tea", _day(1), None, None, None, 9.0)], VERSIONS)
    settings = CleanSettings(missing_price=policy, missing_quantity=policy)
    actual = with_imputed_values(with_description(rows, versions), settings)
    assert "list_price" not in actual.columns
    found = {r["event_id"]: (r["price"], r["quantity"], r["imputed"]) for r in actual.collect()}
    cup_price, _, cup_mark = found.pop(f"e{len(LINES)}")
    assert cup_price is None
    # A value that could not be found is not said to have been filled in.
    assert cup_mark is None
    expected = [imputed if policy == "impute" else left for _, imputed, left in LINES]
    assert [found[f"e{n}"] for n in range(len(LINES))] == expected


_KNOWN = st.dictionaries(
    st.integers(1, 12),
    st.tuples(st.sampled_from(("drinks", "china", None)), st.sampled_from((1.0, 2.0, None))),
    max_size=5,
)


@in_batches
@given(st.lists(_KNOWN, min_size=40, max_size=40))
def test_an_event_is_told_the_newest_description_up_to_its_delivery(
    spark: SparkSession, drawn: list[dict[int, tuple[str | None, float | None]]]
) -> None:
    described = _items(
        spark,
        *(
            (f"i{n}", _day(day), category, None, price)
            for n, known in enumerate(drawn)
            for day, (category, price) in known.items()
        ),
    )
    days = (1, 4, 7, 12, 13)
    rows = raw_events(
        spark,
        *({"item_id": f"i{n}", "file_date": _day(day)} for n in range(len(drawn)) for day in days),
    )
    actual = with_description(rows, per_item_version(described)).collect()
    found = {(r["item_id"], r["file_date"].day): (r["category"], r["list_price"]) for r in actual}
    assert len(actual) == len(found)
    for n, known in enumerate(drawn):
        for day in days:
            newest = max((d for d in known if d <= day), default=None)
            expected = (None, None) if newest is None else known[newest]
            assert found[f"i{n}", day] == expected
