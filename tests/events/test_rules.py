"""Each cleaning rule at its boundary, and one survivor of what came twice."""

from datetime import date, timedelta
from typing import Any

from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from insight.events.rules import (
    event_rules,
    to_events,
    with_bot_reason,
    with_reason,
    with_repetition_reason,
)
from insight.settings import CleanSettings
from tests.frames import DAY, at, events, raw_events

SETTINGS = CleanSettings(
    late_days=7,
    earliest_event_date=date(2020, 1, 1),
    max_price=100.0,
    max_quantity=10.0,
    max_text_length=8,
)
"""The files of these tests are for 2024-03-10, and so is the night."""

BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("malformed", {"malformed": '{"price": "cheap"}'}),
    ("no_event_time", {"event_at": None}),
    ("in_the_future", {"event_at": at("2024-03-11 00:00")}),
    ("before_earliest_date", {"event_at": at("2019-12-31 23:59:59")}),
    ("before_earliest_date", {"event_at": at("1970-01-20 19:12")}),
    ("too_late", {"event_at": at("2024-03-02 23:59:59")}),
    ("unknown_event_type", {"event_type": "bookkeeping"}),
    ("unknown_event_type", {"event_type": None}),
    ("no_item", {"item_id": None}),
    ("no_item", {"item_id": "  "}),
    ("text_not_clean", {"item_id": "123456789"}),
    ("text_not_clean", {"item_id": "1234", "order_id": "56789"}),
    ("text_not_clean", {"item_id": "a\u0000b"}),
    ("text_not_clean", {"country": "Espa\ufffda"}),
    ("quantity_not_positive", {"quantity": 0.0}),
    ("quantity_not_positive", {"quantity": None}),
    ("quantity_too_large", {"quantity": 10.001}),
    ("quantity_too_large", {"quantity": float("nan")}),
    ("price_negative", {"price": -0.01}),
    ("no_price", {"price": None}),
    ("price_too_large", {"price": 1e308}),
    ("price_too_large", {"price": float("inf")}),
    ("price_too_large", {"price": float("nan")}),
    ("discount_negative", {"discount": -0.01}),
    ("discount_too_large", {"discount": 1e308}),
    ("discount_too_large", {"discount": float("nan")}),
    # The first rule that a row breaks names it.
    ("malformed", {"malformed": "{}", "event_at": None, "price": None}),
]

SOUND: list[dict[str, Any]] = [
    {"event_at": at("2024-03-10 23:59:59")},
    {"event_at": at("2024-03-03 00:00")},
    {"event_at": at("2020-01-01 00:00"), "covers_from": date(2020, 1, 1)},
    {"item_id": "12345678"},
    {"quantity": 10.0, "price": 100.0, "discount": 100.0},
    {"quantity": 0.001, "price": 0.0, "discount": 0.0},
    {"customer_id": None, "event_type": "view"},
]


def _reasons(judged: DataFrame) -> dict[str, str | None]:
    return {row["event_id"]: row["reason"] for row in judged.select("event_id", "reason").collect()}


def test_each_rule_names_the_rows_that_break_it_and_no_others(spark: SparkSession) -> None:
    rows = raw_events(spark, *(row for _, row in BROKEN), *SOUND)
    reasons = _reasons(with_reason(rows, event_rules(SETTINGS, run_date=DAY)))
    expected = [reason for reason, _ in BROKEN] + [None] * len(SOUND)
    assert reasons == {f"e{n}": reason for n, reason in enumerate(expected)}


def test_a_customer_with_more_events_in_a_day_than_people_make_is_a_bot(
    spark: SparkSession,
) -> None:
    busy = {"customer_id": "bot"}
    rows = raw_events(
        spark,
        *({**busy, "event_at": at(f"2024-03-10 00:0{n}")} for n in range(3)),
        {**busy, "event_at": at("2024-03-09 23:59")},
        *({"event_at": at(f"2024-03-10 00:0{n}")} for n in range(2)),
        # Refused already: not counted against anna, and not renamed.
        {"event_at": at("2024-03-10 00:03"), "price": None},
        *({"customer_id": None, "event_at": at(f"2024-03-10 00:0{n}")} for n in range(3)),
    )
    judged = with_bot_reason(
        with_reason(rows, event_rules(SETTINGS, run_date=DAY)), max_events_per_day=2
    )
    expected = ["bot"] * 3 + [None] * 3 + ["no_price"] + [None] * 3
    assert _reasons(judged) == {f"e{n}": reason for n, reason in enumerate(expected)}


def test_of_equal_events_one_survives_and_the_others_are_counted(spark: SparkSession) -> None:
    def line(name: str, file: str, **changes: Any) -> dict[str, Any]:
        return {"event_id": name, "source_file": file, **changes}

    rows = raw_events(
        spark,
        line("twice", "2.csv"),
        line("twice", "1.csv"),
        line("twice", "2.csv"),
        line("known", "1.csv"),
        # A refused copy is no reason to refuse the sound one.
        line("once", "1.csv", price=None),
        line("once", "2.csv"),
    )
    reasoned = with_reason(rows, event_rules(SETTINGS, run_date=DAY))
    known = spark.createDataFrame([("known",), ("another",)], "event_id string")
    actual = with_repetition_reason(reasoned, known).select("event_id", "source_file", "reason")
    expected = spark.createDataFrame(
        [
            ("twice", "1.csv", None),
            ("twice", "2.csv", "repeated"),
            ("twice", "2.csv", "repeated"),
            ("known", "1.csv", "repeated"),
            ("once", "1.csv", "no_price"),
            ("once", "2.csv", None),
        ],
        "event_id string, source_file string, reason string",
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_the_survivor_of_one_id_does_not_depend_on_the_order_of_rows(spark: SparkSession) -> None:
    lines = [{"event_id": "own", "price": float(price)} for price in (1, 2, 3)]
    rules = event_rules(SETTINGS, run_date=DAY)
    survivors = set()
    for turned in (lines, lines[::-1]):
        judged = with_repetition_reason(with_reason(raw_events(spark, *turned), rules), None)
        survivors.add(tuple(row["price"] for row in judged.where("reason IS NULL").collect()))
    assert len(survivors) == 1
    assert len(survivors.pop()) == 1


def test_sound_rows_become_events_with_whole_cents(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        {"item_id": " tea ", "quantity": 3.0, "price": 0.335, "discount": 0.125, "order_id": "o"},
        {"event_at": at("2024-03-09 23:59:59"), "customer_id": None, "price": 0.0},
    )
    judged = with_reason(rows, event_rules(SETTINGS, run_date=DAY))
    expected = events(
        spark,
        {
            "event_at": at("2024-03-10 12:00"),
            "item_id": "tea",
            "quantity": 3.0,
            "price": 0.335,
            # 1.005 and 0.125, to whole cents away from zero.
            "amount_cents": 101,
            "discount_cents": 13,
            "order_id": "o",
        },
        {
            "event_at": at("2024-03-09 23:59:59"),
            "customer_id": None,
            "price": 0.0,
            "amount_cents": 0,
        },
    )
    actual = to_events(judged)
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_late_days_count_from_the_first_date_a_file_is_for(spark: SparkSession) -> None:
    month = {"covers_from": date(2024, 2, 10), "file_date": DAY}
    first = at("2024-02-10 00:00") - timedelta(days=7)
    rows = raw_events(
        spark,
        {**month, "event_at": first},
        {**month, "event_at": first - timedelta(seconds=1)},
    )
    reasons = _reasons(with_reason(rows, event_rules(SETTINGS, run_date=DAY)))
    assert reasons == {"e0": None, "e1": "too_late"}
