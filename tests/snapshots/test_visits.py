"""Visits: where one ends and the next begins, and what they hold."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.settings import SessionSettings
from insight.snapshots.visits import per_visit_and_day, to_sessions
from tests.frames import at, events, in_batches

NINE = at("2024-03-10 09:00")


def _visits(frame: DataFrame, **settings: Any) -> DataFrame:
    return to_sessions(per_visit_and_day(frame, settings=SessionSettings(**settings)))


def _spans(visits: DataFrame) -> list[tuple[str, datetime, datetime, int]]:
    names = ("customer_id", "started_at", "ended_at", "event_count")
    rows = visits.select("customer_id", *(F.col(name) for name in names[1:])).collect()
    return sorted(tuple(row) for row in rows)


def _naive(*texts: str) -> list[datetime]:
    return [at(text).replace(tzinfo=None) for text in texts]


def _starts(visits: DataFrame) -> list[str]:
    rows = visits.orderBy("customer_id", "started_at").select("started_at", "event_count")
    return [f"{row[0]:%H:%M} {row[1]}" for row in rows.collect()]


def test_a_long_silence_opens_a_new_visit_and_exactly_the_gap_does_not(
    spark: SparkSession,
) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-10 09:00:00")},
        {"event_at": at("2024-03-10 09:30:00")},
        {"event_at": at("2024-03-10 10:00:00.000001")},
        # Half a second more than the gap, though the seconds differ by 1,800.
        {"event_at": at("2024-03-10 10:30:00.500000")},
        {"event_at": at("2024-03-10 09:15:00"), "customer_id": "ben"},
    )
    nine, half_past_nine, ten, half_past = _naive(
        "2024-03-10 09:00",
        "2024-03-10 09:30",
        "2024-03-10 10:00:00.000001",
        "2024-03-10 10:30:00.500000",
    )
    ben = _naive("2024-03-10 09:15")[0]
    assert _spans(_visits(rows)) == [
        ("anna", nine, half_past_nine, 2),
        ("anna", ten, ten, 1),
        ("anna", half_past, half_past, 1),
        ("ben", ben, ben, 1),
    ]


def test_a_visit_ends_with_its_day_only_where_the_setting_says_so(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-09 23:50")},
        {"event_at": at("2024-03-10 00:00")},
        {"event_at": at("2024-03-10 00:10")},
    )
    assert _starts(_visits(rows)) == ["23:50 3"]
    assert _starts(_visits(rows, split_at_midnight=True)) == ["23:50 1", "00:00 2"]


def test_a_click_on_another_campaign_opens_a_visit_only_where_the_setting_says_so(
    spark: SparkSession,
) -> None:
    click = {"event_type": "campaign_click", "item_id": None}
    rows = events(
        spark,
        {"event_at": at("2024-03-10 09:00")},
        {**click, "event_at": at("2024-03-10 09:05"), "campaign_id": "spring"},
        # Of one moment, the click comes before what it brings.
        {"event_at": at("2024-03-10 09:05")},
        {**click, "event_at": at("2024-03-10 09:10"), "campaign_id": "spring"},
        {**click, "event_at": at("2024-03-10 09:15"), "campaign_id": "autumn"},
        {"event_at": at("2024-03-10 09:20")},
        # After a silence the same campaign opens no second visit of its own.
        {**click, "event_at": at("2024-03-10 11:00"), "campaign_id": "autumn"},
        {**click, "event_at": at("2024-03-10 11:00"), "campaign_id": "a", "customer_id": "ben"},
    )
    assert _starts(_visits(rows)) == ["09:00 6", "11:00 1", "11:00 1"]
    split = _visits(rows, split_at_campaign=True)
    assert _starts(split) == ["09:00 1", "09:05 3", "09:15 2", "11:00 1", "11:00 1"]
    named = split.orderBy("customer_id", "started_at").select("campaign_id").collect()
    assert [row[0] for row in named] == [None, "spring", "autumn", "autumn", "a"]


def test_a_visit_says_how_far_it_came_and_how_long_each_step_took(spark: SparkSession) -> None:
    search = {"event_type": "search", "item_id": None}
    rows = events(
        spark,
        {**search, "event_at": at("2024-03-10 09:00:00.900"), "customer_id": "a"},
        {"event_at": at("2024-03-10 09:00:10"), "event_type": "view", "customer_id": "b"},
        {**search, "event_at": at("2024-03-10 09:00:05"), "customer_id": "b"},
        {"event_at": at("2024-03-10 09:00"), "event_type": "view", "customer_id": "c"},
        {"event_at": at("2024-03-10 09:02"), "event_type": "cart", "customer_id": "c"},
        {"event_at": at("2024-03-10 09:03"), "event_type": "cart", "customer_id": "c"},
        {"event_at": at("2024-03-10 09:00"), "customer_id": "d"},
    )
    actual = _visits(rows).select(
        "customer_id",
        "search_count",
        "funnel_step",
        "seconds_to_view",
        "seconds_to_cart",
        "seconds_to_purchase",
    )
    expected = local_frame(
        spark,
        [
            ("a", 1, "none", None, None, None),
            ("b", 1, "viewed", 5, None, None),
            ("c", 0, "carted", 0, 120, None),
            ("d", 0, "purchased", None, None, 0),
        ],
        "customer_id string, search_count bigint, funnel_step string, seconds_to_view bigint, "
        "seconds_to_cart bigint, seconds_to_purchase bigint",
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_events_of_one_moment_are_one_visit_in_any_order(spark: SparkSession) -> None:
    moments = [{"event_at": NINE, "item_id": name} for name in ("tea", "cup", "pot")]
    later = {"event_at": at("2024-03-10 11:00")}
    spans = [
        _spans(_visits(events(spark, *rows))) for rows in ([*moments, later], [later, *moments])
    ]
    nine, eleven = _naive("2024-03-10 09:00", "2024-03-10 11:00")
    assert spans[0] == spans[1] == [("anna", nine, nine, 3), ("anna", eleven, eleven, 1)]


def test_a_visit_is_described_by_its_events(spark: SparkSession) -> None:
    rows = events(
        spark,
        {"event_at": at("2024-03-09 23:50"), "event_type": "view", "amount": Decimal(5)},
        {"event_at": at("2024-03-10 00:10"), "event_type": "cart", "amount": Decimal(5)},
        {"event_at": at("2024-03-10 00:15"), "amount": Decimal("5.01")},
        {"event_at": at("2024-03-10 00:15"), "amount": Decimal("0.99")},
        {"event_at": at("2024-03-10 00:20"), "event_type": "return", "amount": Decimal(3)},
    )
    actual = _visits(rows).select(
        "started_at",
        "ended_at",
        "duration_seconds",
        "event_count",
        "view_count",
        "cart_count",
        "purchase_count",
        "amount",
        "session_date",
    )
    day, first, last = (
        NINE.date() - timedelta(days=1),
        at("2024-03-09 23:50"),
        at("2024-03-10 00:20"),
    )
    expected = local_frame(
        spark,
        # It crosses midnight, and belongs to the day on which it began.
        [(first, last, 1800, 5, 1, 1, 2, Decimal(6), day)],
        "started_at timestamp, ended_at timestamp, duration_seconds bigint, event_count bigint, "
        "view_count bigint, cart_count bigint, purchase_count bigint, amount decimal(18,6), "
        "session_date date",
    )
    assert_df_equality(actual, expected, ignore_nullable=True)


def test_an_unrelated_customer_changes_nothing(spark: SparkSession) -> None:
    anna = [{"event_at": NINE}, {"event_at": at("2024-03-10 09:40")}]
    ben = [{"event_at": at(f"2024-03-10 09:{n}0"), "customer_id": "ben"} for n in range(1, 4)]
    alone = _visits(events(spark, *anna))
    among = _visits(events(spark, *anna, *ben)).where("customer_id = 'anna'")
    assert_df_equality(among, alone, ignore_row_order=True)


def test_two_customers_who_come_at_once_are_two_visits(spark: SparkSession) -> None:
    rows = events(spark, {"event_at": NINE}, {"event_at": NINE, "customer_id": "ben"})
    ids = [row["session_id"] for row in _visits(rows).collect()]
    assert len(set(ids)) == 2


def _counted(moments: list[int], gap_seconds: int) -> list[tuple[int, int, int]]:
    """Start, end and events of each visit, one event after the other."""
    visits: list[tuple[int, int, int]] = []
    for moment in sorted(moments):
        if visits and moment - visits[-1][1] <= gap_seconds:
            start, _, count = visits[-1]
            visits[-1] = (start, moment, count + 1)
        else:
            visits.append((moment, moment, 1))
    return visits


@in_batches
@given(st.data())
def test_no_event_is_lost_or_counted_twice(spark: SparkSession, data: st.DataObject) -> None:
    hours = st.lists(st.integers(0, 3 * 3600), min_size=1, max_size=12)
    moments = data.draw(st.lists(hours, min_size=60, max_size=60))
    rows: list[dict[str, Any]] = [
        {"event_at": NINE + timedelta(seconds=second), "customer_id": f"c{n:02}"}
        for n, seconds in enumerate(moments)
        for second in seconds
    ]
    expected = [
        (
            f"c{n:02}",
            *(NINE.replace(tzinfo=None) + timedelta(seconds=s) for s in (start, end)),
            count,
        )
        for n, seconds in enumerate(moments)
        for start, end, count in _counted(seconds, 600)
    ]
    visits = _visits(events(spark, *rows), gap_minutes=10).cache()
    assert _spans(visits) == sorted(expected)
    assert visits.select("session_id").distinct().count() == len(expected)
