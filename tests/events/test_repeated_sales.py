"""A sale told again: one order, customer, item, quantity and price within days is one sale."""

from datetime import date, timedelta
from typing import Any

from pyspark.sql import SparkSession

from insight.events.repeats import (
    COMPARED,
    per_suspect_value,
    with_repetition_reason,
    with_suspicion,
)
from insight.tables import DATA_QUALITY, EVENTS
from tests.events.deliveries import clean, delivered, land
from tests.frames import DAY, at, events, raw_events
from tests.memory_lake import MemoryLake

NOON = at("2024-03-10 12:00")
SOLD: dict[str, Any] = {"order_id": "o", "event_at": NOON}
AGAIN, NEAR = "repeated_sale", "near_repeat"


def _after(**span: float) -> dict[str, Any]:
    return {**SOLD, "event_at": NOON + timedelta(**span)}


CASES: dict[str, tuple[list[dict[str, Any]], list[str | None]]] = {
    "a page loaded again": (
        [SOLD, _after(seconds=3), _after(hours=1), _after(days=1), _after(days=3)],
        [None, AGAIN, AGAIN, AGAIN, AGAIN],
    ),
    "within a second it is a near repeat": ([SOLD, _after(seconds=1)], [None, NEAR]),
    "after the days it is another sale": ([SOLD, _after(days=3, seconds=1)], [None, None]),
    "from another campaign": ([SOLD, {**_after(hours=1), "campaign_id": "mail"}], [None, AGAIN]),
    "two lines of one moment, and both again": (
        [SOLD, SOLD, _after(hours=1), _after(hours=1)],
        [None, None, AGAIN, AGAIN],
    ),
    "the earlier moment comes later": (
        [{**SOLD, "file_date": date(2024, 3, 9)}, _after(hours=-2)],
        [None, AGAIN],
    ),
    **{
        f"one {kind} after the other": (
            [{**row, "event_type": kind} for row in (SOLD, _after(hours=1))],
            [None, None],
        )
        for kind in ("return", "view")
    },
    "sales without an order": (
        [{**row, "order_id": None} for row in (SOLD, _after(hours=1))],
        [None, None],
    ),
    **{
        f"another {name}": ([SOLD, {**_after(hours=1), name: value}], [None, None])
        for name, value in {
            "order_id": "p",
            "item_id": "cup",
            "quantity": 2.0,
            "price": 2.01,
            "event_type": "return",
        }.items()
    },
}


def _numbered(buyer: str | None) -> tuple[list[dict[str, Any]], dict[str, str | None]]:
    rows, expected = [], {}
    for case, (given, reasons) in CASES.items():
        for n, (row, reason) in enumerate(zip(given, reasons, strict=True)):
            name = f"{buyer} {case} {n}"
            order = row["order_id"] and f"{row['order_id']} {buyer} {case}"
            who = buyer and f"{buyer} {case}"
            rows.append({**row, "event_id": name, "order_id": order, "customer_id": who})
            expected[name] = reason
    return rows, expected


def test_sales_told_again_are_one_for_guests_and_for_known_customers(spark: SparkSession) -> None:
    both = [_numbered(buyer) for buyer in ("anna", None)]
    rows = raw_events(spark, *(row for rows, _ in both for row in rows))
    reasoned = rows.selectExpr("*", "CAST(NULL AS STRING) AS reason").repartition(3)
    nothing = raw_events(spark).select(*COMPARED)
    judged = with_repetition_reason(reasoned, nothing, seconds=1.0, sale_days=3)
    found = {row["event_id"]: row["reason"] for row in judged.collect()}
    assert found == both[0][1] | both[1][1]
    # The sieve lets all of them through, without comparing moments.
    values = per_suspect_value(rows, seconds=1.0, sale_days=3)
    marked = with_suspicion(rows, values, seconds=1.0, sale_days=3)
    passed = {row["event_id"] for row in marked.where("is_suspect").collect()}
    assert {name for name, reason in found.items() if reason} <= passed


def test_a_sale_of_a_night_two_days_before_is_told_again(spark: SparkSession) -> None:
    lake = MemoryLake(spark)
    sale = {"order_id": "o", "event_id": "k", "event_at": NOON}
    lake.publish(events(spark, sale), EVENTS, where="true")
    night = DAY + timedelta(days=2)
    moment = at(f"{night} 12:00:03")
    told = [
        {**sale, "event_id": name, "event_at": moment, "item_id": name} for name in ("tea", "cup")
    ]
    land(lake, night, events=delivered(night, told))
    clean(lake, night)
    assert {row["event_id"] for row in lake.rows[EVENTS.name]} == {"k", "cup"}
    rules = {row["rule"]: row["row_count"] for row in lake.rows[DATA_QUALITY.name]}
    assert rules == {"kept": 1, AGAIN: 1}


def test_shops_that_reuse_order_ids_switch_the_rule_off(spark: SparkSession) -> None:
    rows = raw_events(spark, SOLD, _after(seconds=1), _after(hours=1))
    reasoned = rows.selectExpr("*", "CAST(NULL AS STRING) AS reason")
    nothing = raw_events(spark).select(*COMPARED)
    judged = with_repetition_reason(reasoned, nothing, seconds=1.0, sale_days=0)
    found = {row["event_id"]: row["reason"] for row in judged.collect()}
    assert found == {"e0": None, "e1": NEAR, "e2": None}


def test_a_guest_of_another_shop_has_other_orders(spark: SparkSession) -> None:
    sale = {**SOLD, "customer_id": None, "source": "north"}
    known = events(spark, {**sale, "event_id": "k"}).select(*COMPARED)
    rows = raw_events(
        spark, {**sale, **_after(hours=1)}, {**sale, **_after(hours=1), "source": "south"}
    )
    reasoned = rows.selectExpr("*", "CAST(NULL AS STRING) AS reason")
    judged = with_repetition_reason(reasoned, known, seconds=1.0, sale_days=3)
    assert {row["source"]: row["reason"] for row in judged.collect()} == {
        "north": AGAIN,
        "south": None,
    }
