"""Snowplow's enriched events as its Analytics SDKs write them."""

from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from insight.sources.inspection import check_columns
from tests.sources.feeds import canonical, event, facts_of, feed_of, json_file, order, values_of

COMMERCE = "com_snowplowanalytics_snowplow_ecommerce"
ACTION = f"unstruct_event_{COMMERCE}_snowplow_ecommerce_action_1"
PRODUCTS = f"contexts_{COMMERCE}_product_1"


def _event(number: int, event: str, **more: Any) -> dict[str, Any]:
    return {
        "app_id": "shop",
        "platform": "web",
        "collector_tstamp": f"2024-03-01T10:00:0{number}.123Z",
        "event": event,
        "event_id": f"e{number}",
        "domain_userid": "browser",
        "geo_country": "DE",
        "contexts_com_snowplowanalytics_snowplow_web_page_1": [{"id": "page"}],
        **more,
    }


def test_each_product_of_an_event_is_a_row_named_after_the_event(
    spark: SparkSession, tmp_path: Path
) -> None:
    sold = [
        {"id": "A", "price": 9.5, "quantity": 2, "currency": "EUR"},
        {"id": "B", "price": 1},
    ]
    path = tmp_path / "2024-03-01"
    path.mkdir()
    path = json_file(
        path,
        _event(1, "page_view"),
        _event(2, "page_view", mkt_campaign="spring"),
        _event(
            3,
            "unstruct",
            unstruct_event_com_snowplowanalytics_snowplow_site_search_1={"terms": ["red", "shoe"]},
        ),
        _event(4, "unstruct", **{ACTION: {"type": "product_view"}, PRODUCTS: sold[:1]}),
        _event(
            5,
            "unstruct",
            user_id="anna",
            **{
                ACTION: {"type": "transaction"},
                PRODUCTS: sold,
                f"contexts_{COMMERCE}_transaction_1": [{"transaction_id": "T1", "revenue": 20}],
            },
        ),
        _event(6, "unstruct", **{ACTION: {"type": "list_view", "name": "all"}, PRODUCTS: sold}),
        name="part-0.json",
    )
    feed = feed_of("snowplow")
    check_columns(facts_of(spark, path, feed), feed, allow_new=False)
    events = canonical(spark, path, feed, date(2024, 3, 1))
    expected = [
        (f"shop-{event('e2')}", "campaign_click", None, None, 1.0),
        (f"shop-{event('e3')}", "search", None, None, 1.0),
        (f"shop-{event('e4')}-0", "view", "A", None, 2.0),
        (f"shop-{event('e5')}-0", "purchase", "A", order("T1"), 2.0),
        (f"shop-{event('e5')}-1", "purchase", "B", order("T1"), 1.0),
    ]
    names = ("event_id", "event_type", "item_id", "order_id", "quantity")
    assert values_of(events, *names) == sorted(expected)
    assert values_of(events, "campaign_id", "search_text")[:2] == [
        ("spring", None),
        (None, "red shoe"),
    ]
    sold = events.where("event_type = 'purchase'")
    assert values_of(sold, "item_id", "currency") == [("A", "EUR"), ("B", None)]
    assert {row["event_at"].isoformat() for row in events.collect()} >= {
        "2024-03-01T10:00:05.123000"
    }
