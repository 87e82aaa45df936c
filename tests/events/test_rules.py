"""Each rule of a row by itself, at its boundary."""

from datetime import date, timedelta
from typing import Any

from pyspark.sql import SparkSession

from insight.events.canonical import with_clean_text
from insight.events.rules import event_rules, with_reason
from insight.settings import CleanSettings
from tests.events.reasons import numbered, reasons
from tests.frames import DAY, at, raw_events

SETTINGS = CleanSettings(
    late_days=7,
    earliest_event_date=date(2020, 1, 1),
    max_price=100.0,
    max_quantity=10.0,
    max_text_length=64,
    currency="EUR",
)
"""The files of these tests are for 2024-03-10, and so is the night."""

BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("malformed", {"malformed": '{"price": "cheap"}'}),
    ("no_event_time", {"event_at": None}),
    ("in_the_future", {"event_at": at("2024-03-11 00:00")}),
    ("before_earliest_date", {"event_at": at("2019-12-31 23:59:59.999999")}),
    ("before_earliest_date", {"event_at": at("1970-01-20 19:12")}),
    ("too_late", {"event_at": at("2024-03-02 23:59:59.999999")}),
    ("unknown_event_type", {"event_type": "bookkeeping"}),
    ("unknown_event_type", {"event_type": None}),
    ("no_item", {"item_id": None}),
    ("no_item", {"item_id": "  ", "event_type": "view"}),
    ("text_not_clean", {"item_id": "x" * 65}),
    ("text_not_clean", {"event_id": "x" * 65}),
    ("text_not_clean", {"order_id": "x" * 65}),
    ("text_not_clean", {"campaign_id": "x" * 65, "item_id": None, "event_type": "search"}),
    ("text_not_clean", {"item_id": "a\u0000b"}),
    ("text_not_clean", {"order_id": "a\u001fb"}),
    ("text_not_clean", {"country": "Espa\ufffda"}),
    ("currency_not_a_code", {"currency": "EURO"}),
    ("currency_not_a_code", {"currency": "\u20ac", "quantity": None}),
    ("currency_not_a_code", {"currency": "EUR\n"}),
    ("other_currency", {"currency": "USD"}),
    ("other_currency", {"currency": "JPY", "event_type": "view", "price": 19_800.0}),
    ("no_quantity", {"quantity": None}),
    ("quantity_not_positive", {"quantity": 0.0}),
    ("quantity_not_positive", {"quantity": -1.0}),
    ("quantity_too_large", {"quantity": 10.001}),
    ("quantity_too_large", {"quantity": float("nan")}),
    ("no_price", {"price": None}),
    ("no_price", {"price": None, "event_type": "return"}),
    ("price_negative", {"price": -0.01}),
    ("price_negative", {"price": float("-inf"), "event_type": "view"}),
    ("price_too_large", {"price": 100.01}),
    ("price_too_large", {"price": 1e308}),
    ("price_too_large", {"price": float("inf")}),
    ("price_too_large", {"price": float("nan")}),
    ("discount_negative", {"discount": -0.01}),
    ("discount_too_large", {"discount": 100.01}),
    ("discount_too_large", {"discount": float("nan")}),
    ("coupon_negative", {"coupon": -0.01}),
    ("coupon_too_large", {"coupon": 100.01}),
    # The first rule that a row breaks names it.
    ("malformed", {"malformed": "{}", "event_at": None, "price": None}),
    ("no_event_time", {"event_at": None, "event_type": "bookkeeping", "price": -1.0}),
]

SOUND: list[dict[str, Any]] = [
    {"event_at": at("2024-03-10 23:59:59.999999")},
    {"event_at": at("2024-03-03 00:00")},
    {"event_at": at("2020-01-01 00:00"), "covers_from": date(2020, 1, 1)},
    # Each text by itself: together they are longer than one may be.
    dict.fromkeys(("item_id", "order_id", "country", "campaign_id"), "x" * 64),
    {"item_id": "tea pot", "order_id": "\u00e9\u0142\u8336"},
    {"quantity": 10.0, "price": 100.0, "discount": 100.0, "coupon": 100.0},
    {"quantity": 0.001, "price": 0.0, "discount": 0.0, "currency": "EUR"},
    {"customer_id": None, "event_type": "return"},
    *(
        {"event_type": name, "item_id": None, "price": None}
        for name in ("search", "campaign_click")
    ),
    *({"event_type": name, "price": None} for name in ("view", "cart")),
]


def test_each_rule_names_the_rows_that_break_it_and_no_others(spark: SparkSession) -> None:
    rows = raw_events(spark, *(row for _, row in BROKEN), *SOUND)
    judged = with_reason(rows, event_rules(SETTINGS, run_date=DAY))
    # The one that has an id of its own is told by it.
    given = [row.get("event_id", f"e{n}") for n, (_, row) in enumerate(BROKEN)]
    expected = dict(zip(given, (name for name, _ in BROKEN), strict=True))
    expected |= {f"e{n}": None for n in range(len(BROKEN), len(BROKEN) + len(SOUND))}
    assert reasons(judged) == expected


def test_every_rule_is_broken_by_some_row_of_these_tests() -> None:
    assert {name for name, _ in BROKEN} == set(event_rules(SETTINGS, run_date=DAY))


def test_an_amount_that_no_table_holds_is_refused_where_the_limits_let_it_pass(
    spark: SparkSession,
) -> None:
    rows = raw_events(
        spark,
        {"quantity": 1e6, "price": 1e6},
        {"quantity": 1e6, "price": 999_999.999999},
        {"quantity": 1e6, "price": 1e6, "event_type": "view"},
        {"price": None, "event_type": "view"},
    )
    wide = SETTINGS.model_copy(update={"max_price": 1e9, "max_quantity": 1e9})
    judged = with_reason(rows, event_rules(wide, run_date=DAY))
    assert reasons(judged) == numbered("amount_too_large", None, "amount_too_large", None)


def test_late_days_count_from_the_first_date_a_file_is_for(spark: SparkSession) -> None:
    month = {"covers_from": date(2024, 2, 10), "file_date": DAY}
    first = at("2024-02-10 00:00") - timedelta(days=7)
    rows = raw_events(
        spark,
        {**month, "event_at": first},
        {**month, "event_at": first - timedelta(microseconds=1)},
    )
    judged = with_reason(rows, event_rules(SETTINGS, run_date=DAY))
    assert reasons(judged) == numbered(None, "too_late")


def test_the_delivery_decides_what_lies_in_the_future_not_the_night_that_reads_it(
    spark: SparkSession,
) -> None:
    rows = raw_events(
        spark,
        {"event_at": at("2024-03-10 23:59:59")},
        {"event_at": at("2024-03-11 00:00")},
        # No file is read before its date; if one were, the night would end what is known.
        {"event_at": at("2024-03-12 00:00"), "file_date": date(2024, 3, 20)},
    )
    caught_up = event_rules(SETTINGS, run_date=date(2024, 3, 11))
    assert reasons(with_reason(rows, caught_up)) == numbered(None, "in_the_future", "in_the_future")


def test_a_shop_west_of_greenwich_may_close_its_day_later(spark: SparkSession) -> None:
    rows = raw_events(
        spark, {"event_at": at("2024-03-11 04:59:59")}, {"event_at": at("2024-03-11 05:00")}
    )
    new_york = SETTINGS.model_copy(update={"future_hours": 5})
    judged = with_reason(rows, event_rules(new_york, run_date=DAY))
    assert reasons(judged) == numbered(None, "in_the_future")


def test_a_delivery_ends_at_midnight_of_its_own_zone(spark: SparkSession) -> None:
    new_york = {
        "covers_from_at": at("2024-03-10 05:00"),
        "covers_until_at": at("2024-03-11 04:00"),
    }
    tokyo = {"covers_from_at": at("2024-03-09 15:00"), "covers_until_at": at("2024-03-10 15:00")}
    rows = raw_events(
        spark,
        {**new_york, "event_at": at("2024-03-11 03:59:59")},
        {**new_york, "event_at": at("2024-03-11 04:00")},
        {**new_york, "event_at": at("2024-03-03 05:00")},
        {**new_york, "event_at": at("2024-03-03 04:59:59")},
        {**tokyo, "event_at": at("2024-03-10 14:59:59")},
        {**tokyo, "event_at": at("2024-03-10 15:00")},
        {**tokyo, "event_at": at("2024-03-02 15:00")},
        {**tokyo, "event_at": at("2024-03-02 14:59:59")},
    )
    judged = with_reason(rows, event_rules(SETTINGS, run_date=DAY))
    each = (None, "in_the_future", None, "too_late")
    assert reasons(judged) == numbered(*each, *each)


def test_blanks_around_an_item_and_in_a_search_are_no_part_of_it(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        {"item_id": "  tea ", "search_text": "  Green\t\n TEA\u0000pot "},
        {"item_id": "   ", "search_text": " \u0001 "},
        {"item_id": None, "search_text": None},
        {"item_id": "t ea", "search_text": "x" * 10_000_000},
        {"item_id": "tea", "search_text": "\u00c4\u00d6 \u8336"},
    )
    clean = with_clean_text(rows).select("event_id", "item_id", "search_text").collect()
    assert {row["event_id"]: (row["item_id"], row["search_text"]) for row in clean} == {
        "e0": ("tea", "green tea pot"),
        "e1": (None, None),
        "e2": (None, None),
        "e3": ("t ea", "x" * 200),
        "e4": ("tea", "\u00e4\u00f6 \u8336"),
    }
