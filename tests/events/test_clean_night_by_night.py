"""Deliveries cleaned night by night are what they are when one night reads them all.

What a row is worth depends on its own delivery and on earlier ones, never on the run.
"""

import hashlib
import random
from datetime import date, datetime, timedelta
from typing import Any

from pyspark.sql import SparkSession

from insight.tables import (
    CUSTOMERS,
    DATA_QUALITY,
    EVENTS,
    FEEDBACK,
    ITEM_PRICES,
    ITEMS,
    QUARANTINE,
    RETURNS,
)
from tests.events.deliveries import clean, content, delivered, land
from tests.frames import at
from tests.memory_lake import MemoryLake

DAYS = [date(2024, 3, 10) + timedelta(days=n) for n in range(2)]
LIMITS = {
    "max_quarantined_share": 1.0,
    "late_days": 2,
    "missing_quantity": "impute",
    "outlier_min_rows": 4,
    "outlier_min_factor": 4.0,
    "outlier_limit": 1.0,
    "max_events_per_customer_day": 12,
    "bot_min_events": 8,
    "max_active_hours": 6,
    "return_days": 1,
}
MET = {
    "repeated",
    "near_repeat",
    "bot",
    "too_late",
    "in_the_future",
    "no_price",
    "price_imputed",
    "quantity_imputed",
    "price_capped",
    "return_without_purchase",
}
"""What the drawn rows must have met, for the comparison to mean something."""

_SAME_WHOEVER_READS = (EVENTS, RETURNS, ITEM_PRICES, ITEMS, CUSTOMERS, FEEDBACK)

_Drawn = list[tuple[str | None, dict[str, Any], list[date]]]


def _drawn(seed: int) -> _Drawn:
    """Customers, what they did, and the days whose deliveries tell of it: once, or again.

    A night costs seconds whatever is in it: one frame holds many customers' cases.
    """
    draw = random.Random(seed)
    drawn: _Drawn = [
        (
            f"c{n % 60}" if n % 60 < 57 else None,
            _event(
                _moment(draw),
                draw.choice(("purchase", "purchase", "return", "view", "search")),
                draw.choice(("tea", "tea", "cup", None)),
                draw.choice((1.0, 1.0, 2.0, 50.0, 1000.0, None)),
                draw.choice((1.0, 1.0, 2.0, None)),
                draw.choice((None, "o1", "o2")),
            ),
            draw.sample(DAYS, draw.choice((1, 1, 1, 2))),
        )
        for n in range(480)
    ]
    # Every sixth happens again within a second, under an id of its own.
    again = timedelta(milliseconds=400)
    return drawn + [
        (customer, {**event, "event_at": event["event_at"] + again}, draw.sample(DAYS, 1))
        for customer, event, _ in drawn[::6]
    ]


def _moment(draw: random.Random) -> datetime:
    """Around the second midnight, where copies meet; or anywhere, late and future ones too."""
    tenths, hours = draw.randint(-25, 25), draw.randint(-4 * 24, 3 * 24)
    after = timedelta(milliseconds=100 * tenths) if draw.random() < 0.7 else timedelta(hours=hours)
    return at("2024-03-11 00:00") + after


def _event(
    when: datetime,
    kind: str,
    item: str | None,
    price: float | None,
    quantity: float | None,
    order: str | None = None,
) -> dict[str, Any]:
    return {
        "order_id": order,
        "event_at": when,
        "event_type": kind,
        "item_id": item,
        "price": price,
        "quantity": quantity,
        "search_text": f" {kind}  Tea" if kind == "search" else None,
    }


def _delivery(number: int, day: date, drawn: _Drawn) -> dict[str, list[dict[str, Any]]]:
    """A day's delivery, by the kind of row."""
    rows = [
        {**event, "customer_id": customer, "event_id": _named(customer, event)}
        for customer, event, days in drawn
        if day in days
    ]
    described = [
        {"item_id": "tea", "category": "drinks", "price": (3.0, 5.0)[number]},
        {"item_id": "cup", "category": ("china", "glass")[number], "stock_units": 1.0},
    ]
    said = {"feedback_id": "told twice", "kind": "review", "feedback_text": f"Text {number}"}
    return {
        "events": delivered(day, rows + (_awake_all_day() if number == 1 else [])),
        "items": delivered(day, described),
        "customers": delivered(day, [{"customer_id": "c1", "gender": ("f", "m")[number]}]),
        "feedback": delivered(day, [{**said, "created_at": at("2024-03-10 09:00")}]),
    }


def _awake_all_day() -> list[dict[str, Any]]:
    """A customer who is a bot, by its hours, in this delivery only."""
    hours = [at("2024-03-11 00:00") + timedelta(hours=n) for n in range(8)]
    looks = [_event(when, "view", "tea", None, 1.0) for when in hours]
    return [{**look, "customer_id": "c0", "event_id": _named("c0", look)} for look in looks]


def _named(customer: str | None, event: dict[str, Any]) -> str:
    content = repr((customer, sorted(event.items())))
    return hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()


def _contents(lake: MemoryLake) -> dict[str, list[tuple[Any, ...]]]:
    return {table.name: content(lake, table, "ingest_date") for table in _SAME_WHOEVER_READS}


def test_a_delivery_is_cleaned_alike_whichever_night_reads_it(spark: SparkSession) -> None:
    drawn = _drawn(7)
    brought = {day: _delivery(number, day, drawn) for number, day in enumerate(DAYS)}
    by_night, at_once = MemoryLake(spark), MemoryLake(spark)
    for day, rows in brought.items():
        land(by_night, day, **rows)
        clean(by_night, day, **LIMITS)
    together = {
        kind: [row for rows in brought.values() for row in rows[kind]] for kind in brought[DAYS[0]]
    }
    land(at_once, DAYS[-1], **together)
    clean(at_once, DAYS[-1], **LIMITS)
    assert _contents(by_night) == _contents(at_once)
    assert len(by_night.rows[QUARANTINE.name]) == len(at_once.rows[QUARANTINE.name])
    assert {row["rule"] for row in at_once.rows[DATA_QUALITY.name]} >= MET
    # An old night run again finds what it found.
    before = _contents(by_night)
    clean(by_night, DAYS[0], **LIMITS)
    assert _contents(by_night) == before
