"""The last events of a customer: in order, cut to length, and carried from night to night."""

from datetime import date, timedelta
from typing import Any

from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.snapshots.sequences import last_of, per_customer_sequence, with_newer_events
from tests.frames import DAY, at, events, in_batches

YESTERDAY = DAY - timedelta(days=1)


def _items(sequences: DataFrame) -> dict[tuple[str, date], list[str]]:
    rows = sequences.select("customer_id", "feature_date", "events.item_id").collect()
    return {(row["customer_id"], row["feature_date"]): row["item_id"] for row in rows}


def _carried(frame: DataFrame) -> DataFrame:
    return frame.select("customer_id", "events")


def test_the_last_events_up_to_the_end_of_a_day_oldest_first(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-10 23:59:59.999999"), "item_id": "last"},
        {"event_at": at("2024-03-11 00:00"), "item_id": "tomorrow"},
        {"event_at": at("2024-03-01 10:00"), "item_id": "first"},
        {"event_at": at("2024-03-10 00:00"), "item_id": "second"},
        {"event_at": at("2024-03-10 12:00"), "customer_id": None},
        {"event_at": at("2024-03-11 12:00"), "customer_id": "newcomer"},
    )
    actual = per_customer_sequence(rows, as_of=[YESTERDAY, DAY], length=2)
    assert _items(actual) == {
        ("anna", YESTERDAY): ["first"],
        ("anna", DAY): ["second", "last"],
    }


def test_an_event_keeps_what_the_model_reads_of_it(spark: SparkSession) -> None:
    rows = events(spark, {"event_at": at("2024-03-10 09:00"), "event_type": "cart", "price": 2.5})
    (row,) = per_customer_sequence(rows, as_of=[DAY], length=2).collect()
    (event,) = row["events"]
    hashed = rows.select(F.xxhash64("event_id")).first()
    assert hashed is not None
    assert event.asDict() == {
        "event_at": at("2024-03-10 09:00").replace(tzinfo=None),
        "tie_break": hashed[0],
        "item_id": "tea",
        "event_type": "cart",
        "price": 2.5,
    }


def test_events_of_one_moment_keep_one_order_whatever_order_they_come_in(
    spark: SparkSession,
) -> None:
    basket = [
        {"event_at": at("2024-03-10 09:00"), "item_id": name, "event_id": name}
        for name in ("tea", "cup", "pot")
    ]
    orders = [
        _items(per_customer_sequence(events(spark, *rows), as_of=[DAY], length=3))
        for rows in (basket, basket[::-1])
    ]
    assert orders[0] == orders[1]


def test_late_events_find_their_place_and_newcomers_join(spark: SparkSession) -> None:
    old = events(
        spark,
        {"event_at": at("2024-03-08 09:00"), "item_id": "a"},
        {"event_at": at("2024-03-09 09:00"), "item_id": "c"},
        {"event_at": at("2024-03-09 09:00"), "customer_id": "silent", "item_id": "x"},
    )
    new = events(
        spark,
        {"event_at": at("2024-03-08 12:00"), "item_id": "b", "event_id": "late"},
        {"event_at": at("2024-03-10 12:00"), "item_id": "d", "event_id": "new"},
        {"event_at": at("2024-03-10 12:00"), "customer_id": "newcomer", "item_id": "y"},
    )
    carried = _carried(per_customer_sequence(old, as_of=[YESTERDAY], length=3))
    newer = per_customer_sequence(new, as_of=[DAY], length=3)
    actual = with_newer_events(carried, newer, length=3)
    expected = local_frame(
        spark,
        [("anna", ["b", "c", "d"]), ("silent", ["x"]), ("newcomer", ["y"])],
        "customer_id string, item_id array<string>",
    )
    items = actual.select("customer_id", "events.item_id")
    assert_df_equality(items, expected, ignore_row_order=True, ignore_nullable=True)


def test_the_last_of_a_list_shorter_than_asked_for_is_all_of_it(spark: SparkSession) -> None:
    lists = local_frame(spark, [([1, 2, 3],), ([1],), ([],)], "numbers array<int>")
    actual = lists.select(last_of(F.col("numbers"), 2).alias("numbers"))
    expected = local_frame(spark, [([2, 3],), ([1],), ([],)], "numbers array<int>")
    assert_df_equality(actual, expected)


_EVENTS = st.lists(
    st.tuples(st.integers(-3 * 24, 3 * 24), st.sampled_from("abc")), min_size=1, max_size=8
)


def _drawn(customers: list[list[tuple[int, str]]]) -> list[dict[str, Any]]:
    midnight = at("2024-03-11 00:00")
    return [
        {
            "event_at": midnight + timedelta(hours=hours),
            "customer_id": f"c{n:02}",
            "item_id": item,
            "event_id": f"{n}-{m}",
        }
        for n, own in enumerate(customers)
        for m, (hours, item) in enumerate(own)
    ]


@in_batches
@given(st.lists(_EVENTS, min_size=40, max_size=40))
def test_future_events_never_change_a_sequence(
    spark: SparkSession, customers: list[list[tuple[int, str]]]
) -> None:
    rows = _drawn(customers)
    past = [row for row in rows if row["event_at"] < at("2024-03-11 00:00")]
    told = per_customer_sequence(events(spark, *rows), as_of=[DAY], length=4)
    untold = per_customer_sequence(events(spark, *past), as_of=[DAY], length=4)
    assert_df_equality(told, untold, ignore_row_order=True)


@in_batches
@given(st.lists(_EVENTS, min_size=40, max_size=40), st.integers(1, 5))
def test_carried_and_new_events_make_the_sequence_of_all_of_them(
    spark: SparkSession, customers: list[list[tuple[int, str]]], length: int
) -> None:
    rows = _drawn(customers)
    later = date(2024, 3, 20)
    # Whether an event was known yesterday has nothing to do with when it happened.
    known, fresh = rows[::2], rows[1::2]
    carried = _carried(per_customer_sequence(events(spark, *known), as_of=[later], length=length))
    newer = per_customer_sequence(events(spark, *fresh), as_of=[later], length=length)
    whole = _carried(per_customer_sequence(events(spark, *rows), as_of=[later], length=length))
    actual = with_newer_events(carried, newer, length=length)
    assert_df_equality(actual, whole, ignore_row_order=True, ignore_nullable=True)
