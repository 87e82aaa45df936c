"""Daily state: what a customer did in a day."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from chispa import assert_df_equality
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from insight.settings import SessionSettings
from insight.snapshots.visits import per_visit_and_day, to_customer_daily
from tests.frames import DAY, at, customer_days, events, in_batches

ZERO = Decimal(0)


def _line(time: str, kind: str = "purchase", **changes: Any) -> dict[str, Any]:
    return {"event_at": at(f"2024-03-{time}"), "event_type": kind, **changes}


def test_a_customers_day_counts_lines_orders_and_visits(spark: SparkSession) -> None:
    rows = events(
        spark,
        _line("10 00:05", "search", item_id=None),
        _line("10 09:00", "view"),
        _line("10 09:05", "cart"),
        _line("10 09:10", order_id="o1", quantity=0.1),
        _line(
            "10 09:10", order_id="o1", quantity=0.2, amount=Decimal("0.5"), discount=Decimal("0.05")
        ),
        _line(
            "10 09:10", order_id="o1", amount=ZERO, discount=Decimal("0.09"), coupon=Decimal("0.09")
        ),
        # Without order ids, two moments are two orders.
        _line("10 10:00"),
        _line("10 11:00"),
        # The rest of an order in another visit is no second order.
        _line("10 12:00", order_id="o1", amount=ZERO),
        # A cart that is left behind.
        _line("10 16:00", "campaign_click", item_id=None, campaign_id="c1"),
        _line("10 16:01", "cart"),
        _line(
            "10 23:59:59",
            "return",
            order_id="o1",
            amount=Decimal("0.3"),
            discount=Decimal("0.03"),
            coupon=Decimal("0.03"),
        ),
        _line("11 00:00", "view"),
        _line("10 09:00", customer_id=None),
    )
    both = per_visit_and_day(rows, settings=SessionSettings())
    expected = customer_days(
        spark,
        {
            "event_date": DAY,
            "event_count": 12,
            "view_count": 1,
            "search_count": 1,
            "cart_count": 2,
            "purchase_count": 6,
            "return_count": 1,
            "campaign_click_count": 1,
            "discounted_count": 2,
            # Of purchases alone, as the discount.
            "coupon_count": 1,
            "order_count": 3,
            "session_count": 7,
            "cart_session_count": 2,
            "abandoned_cart_count": 1,
            "night_count": 1,
            "morning_count": 7,
            "afternoon_count": 3,
            # 0.1 + 0.2 + 1 + 1 + 1 + 1; the sum of the doubles would have been another.
            "unit_thousandths": 4300,
            "amount": Decimal("6.5"),
            "discount": Decimal("0.14"),
            "returned_amount": Decimal("0.3"),
            "last_event_at": at("2024-03-10 23:59:59"),
        },
        {
            # The visit began the day before.
            "event_date": date(2024, 3, 11),
            "event_count": 1,
            "view_count": 1,
            "night_count": 1,
            "last_event_at": at("2024-03-11 00:00"),
        },
    )
    actual = to_customer_daily(both)
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_nobody_known_has_neither_visits_nor_days(spark: SparkSession) -> None:
    rows = events(spark, _line("10 09:00", customer_id=None))
    assert per_visit_and_day(rows, settings=SessionSettings()).isEmpty()


_MINUTES = st.integers(-90, 90)
_EVENTS = st.lists(st.tuples(_MINUTES, st.sampled_from(("view", "cart", "purchase"))), max_size=12)


@in_batches
@given(st.lists(_EVENTS, min_size=60, max_size=60))
def test_what_comes_after_midnight_changes_nothing_of_the_day_before(
    spark: SparkSession, drawn: list[list[tuple[int, str]]]
) -> None:
    midnight = at("2024-03-11 00:00")
    rows = [
        {"event_at": midnight + timedelta(minutes=m), "event_type": kind, "customer_id": f"c{n}"}
        for n, own in enumerate(drawn)
        for m, kind in own
    ]
    both = [
        to_customer_daily(per_visit_and_day(events(spark, *known), settings=SessionSettings()))
        for known in (rows, [row for row in rows if row["event_at"] < midnight])
    ]
    on_the_day, known_then = (days.where(f"event_date = '{DAY}'") for days in both)
    assert_df_equality(on_the_day, known_then, ignore_row_order=True)


def test_a_cart_that_is_bought_after_midnight_was_left_behind_on_its_day(
    spark: SparkSession,
) -> None:
    rows = events(spark, _line("10 23:50", "cart"), _line("11 00:05"), _line("11 00:06", "cart"))
    days = to_customer_daily(per_visit_and_day(rows, settings=SessionSettings()))
    counts = ("event_date", "session_count", "cart_session_count", "abandoned_cart_count")
    assert sorted(tuple(row) for row in days.select(*counts).collect()) == [
        (DAY, 1, 1, 1),
        (date(2024, 3, 11), 0, 1, 0),
    ]
