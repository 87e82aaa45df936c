"""Bots: too many events, at too many hours, or too large a part of a delivery."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from insight.events.bots import per_bot, with_bot_mark, with_bot_reason
from insight.events.rules import event_rules, with_reason
from insight.settings import CleanSettings
from tests.events.reasons import reasons
from tests.frames import DAY, at, raw_events

SETTINGS = CleanSettings(
    max_events_per_customer_day=20, bot_min_events=8, max_active_hours=6, max_customer_share=0.25
)
OTHER_DAY = date(2024, 3, 9)


def _in_hours(hours: int, times: int, **changes: Any) -> Iterator[dict[str, Any]]:
    """Events spread over the first hours of a day."""
    start = at("2024-03-10 00:00")
    for n in range(times):
        yield {"event_at": start + timedelta(hours=n % hours, minutes=n), **changes}


def _bots(rows: DataFrame, settings: CleanSettings) -> set[tuple[str, date]]:
    """Customers and deliveries of the rows that are marked, which are all of theirs."""
    marked = with_bot_mark(rows, per_bot(rows, settings))
    assert marked.columns == [*rows.columns, "is_bot"]
    found = marked.select("customer_id", "file_date", "is_bot").collect()
    assert len(found) == rows.count()
    bots = {tuple(row)[:2] for row in found if row["is_bot"]}
    assert not bots & {tuple(row)[:2] for row in found if not row["is_bot"]}
    return bots


CUSTOMERS: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "as many in a day as people make": (list(_in_hours(6, 20)), False),
    "one more than that": (list(_in_hours(6, 21)), True),
    "as many on each of two days": (
        [*_in_hours(6, 20), *_in_hours(6, 20, event_at=at("2024-03-09 23:59:59"))],
        False,
    ),
    "as many in each of two deliveries": (
        [*_in_hours(6, 20), *_in_hours(6, 20, file_date=date(2024, 3, 11))],
        False,
    ),
    "awake as long as people are": (list(_in_hours(6, 12)), False),
    "awake for an hour more": (list(_in_hours(7, 12)), True),
    "awake for an hour more, with just enough events to tell": (list(_in_hours(7, 8)), True),
    "awake for an hour more, with too few events to tell": (list(_in_hours(7, 7)), False),
    # Its repeats and its broken rows were made by it all the same.
    "many rows that other rules refuse": (
        [*_in_hours(6, 10), *_in_hours(6, 11, price=None)],
        True,
    ),
}


def test_a_bot_is_told_from_people_at_the_limits(spark: SparkSession) -> None:
    rows = [{"customer_id": name, **row} for name, (given, _) in CUSTOMERS.items() for row in given]
    guests = [{"customer_id": None, **row} for row in _in_hours(24, 60)]
    undated = [{"customer_id": "no times", "event_at": None} for _ in range(30)]
    settings = SETTINGS.model_copy(update={"max_customer_share": 1.0})
    found = _bots(raw_events(spark, *rows, *guests, *undated), settings)
    assert found == {(name, DAY) for name, (_, is_bot) in CUSTOMERS.items() if is_bot}


@pytest.mark.parametrize(("humans", "is_bot"), [(30, False), (29, True)])
def test_a_quarter_of_a_delivery_is_a_persons_and_no_more(
    spark: SparkSession, humans: int, is_bot: bool
) -> None:
    rows = raw_events(
        spark,
        *({"customer_id": "large", **row} for row in _in_hours(2, 10)),
        *({"customer_id": f"human {n % 9}", **row} for n, row in enumerate(_in_hours(2, humans))),
        # Seven are too few to tell, were they the whole of another delivery.
        *({"customer_id": "alone", **row, "file_date": OTHER_DAY} for row in _in_hours(2, 7)),
    )
    assert _bots(rows, SETTINGS) == ({("large", DAY)} if is_bot else set())


def test_a_share_is_of_the_whole_delivery_not_of_a_day(spark: SparkSession) -> None:
    days = [date(2024, 3, day) for day in range(1, 11)]
    # Eight of thirty a day: little of ten days' events, day by day, and too much of them in all.
    rows = [
        {"customer_id": who, "event_at": at(f"{day} {10 + n % 2}:{n:02}")}
        for day in days
        for who, times in (("steady", 8), *((f"human {n}", 4) for n in range(5)))
        for n in range(times)
    ]
    assert _bots(raw_events(spark, *rows), SETTINGS) == {("steady", DAY)}
    # Without one busy day nobody is told by a share.
    calm = SETTINGS.model_copy(update={"bot_min_events": 9})
    assert _bots(raw_events(spark, *rows), calm) == set()


def test_a_bots_whole_delivery_is_refused_and_nobody_elses(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        {"customer_id": "bot", "event_at": at("2024-03-04 09:00")},
        {"customer_id": "bot", "price": None},
        {"customer_id": "bot", "file_date": OTHER_DAY, "event_at": at("2024-03-09 09:00")},
        {"customer_id": "anna"},
        {"customer_id": None},
        *({"customer_id": "bot", **row} for row in _in_hours(6, 21)),
    )
    judged = with_reason(rows, event_rules(SETTINGS, run_date=DAY))
    marked = with_bot_reason(with_bot_mark(judged, per_bot(rows, SETTINGS)))
    expected = ["bot", "no_price", None, None, None, *["bot"] * 21]
    assert list(reasons(marked).values()) == expected
