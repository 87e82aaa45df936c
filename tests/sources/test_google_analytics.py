"""A day of Google Analytics as BigQuery exports it: whole numbers as text, nulls left out."""

from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from insight.sources.inspection import check_columns
from tests.sources.feeds import canonical, facts_of, feed_of, json_file, order, values_of

NIGHT = date(2024, 3, 1)
# 2024-03-01 10:00:00 UTC.
TEN = 1709287200000000


def _event(name: str, second: int, **more: Any) -> dict[str, Any]:
    return {
        "event_date": "20240301",
        "event_timestamp": str(TEN + second * 1_000_000),
        "event_name": name,
        "user_pseudo_id": "1841.1709",
        "device": {"category": "mobile", "web_info": {"browser": "Chrome"}},
        "geo": {"continent": "Europe", "country": "Germany"},
        "items": [],
        **more,
    }


def _param(key: str, **value: str) -> dict[str, Any]:
    return {"key": key, "value": value}


def _item(number: str, **more: Any) -> dict[str, Any]:
    return {"item_id": number, "item_name": "(not set)", "item_brand": "Brand", **more}


EVENTS = (
    _event("session_start", 0, event_params=[_param("ga_session_id", int_value="17")]),
    _event(
        "view_search_results",
        1,
        event_params=[_param("search_term", string_value="red shoes")],
        items=[_item("A"), _item("B")],
    ),
    _event("view_item", 2, items=[_item("A", price=9.5)]),
    _event(
        "purchase",
        3,
        user_id="anna",
        event_params=[_param("currency", string_value="EUR")],
        ecommerce={"transaction_id": "T1", "total_item_quantity": "3"},
        items=[_item("A", price=9.5, quantity="2"), _item("B", price=1, quantity="1")],
    ),
    _event(
        "campaign_details",
        4,
        collected_traffic_source={"manual_campaign_name": "spring", "gclid": "x"},
        items=[],
    ),
)


def test_events_are_rows_per_item_and_searches_and_clicks_single_rows(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_of("google_analytics")
    path = json_file(tmp_path, *EVENTS, name="events_20240301-000.json")
    check_columns(facts_of(spark, path, feed), feed, allow_new=False)
    events = canonical(spark, path, feed, NIGHT)
    named = events.selectExpr("*", "date_format(event_at, 'HH:mm:ss') AS at")
    assert values_of(named, "at", "event_type", "item_id", "order_id", "quantity", "price") == [
        ("10:00:01", "search", None, None, 1.0, None),
        ("10:00:02", "view", "A", None, 1.0, 9.5),
        ("10:00:03", "purchase", "A", order("T1"), 2.0, 9.5),
        ("10:00:03", "purchase", "B", order("T1"), 1.0, 1.0),
        ("10:00:04", "campaign_click", None, None, 1.0, None),
    ]
    told = named.where("event_type IN ('search', 'campaign_click')")
    assert values_of(told, "search_text", "campaign_id", "country", "malformed") == [
        ("red shoes", None, "Germany", None),
        (None, "spring", "Germany", None),
    ]
    sold = named.where("event_type IN ('view', 'purchase')")
    assert values_of(sold, "item_id", "price", "currency") == [
        ("A", 9.5, "EUR"),
        ("A", 9.5, None),
        ("B", 1.0, "EUR"),
    ]
    # A browser before Anna logged in, Anna after.
    assert named.select("customer_id").distinct().count() == 2
    assert named.select("event_id").distinct().count() == 5
    assert {row["file_date"] for row in events.collect()} == {NIGHT}


def test_products_are_described_by_those_who_look_at_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = json_file(tmp_path, *EVENTS, name="events_20240301.json")
    items = canonical(spark, path, feed_of("google_analytics", 1), NIGHT)
    assert values_of(items, "item_id", "title", "brand", "price") == [("A", None, "Brand", 9.5)]
