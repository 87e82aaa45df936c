"""Exports of shop software as declared in conf/sources: invented rows under the real columns."""

import shutil
from collections.abc import MutableMapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from structlog.testing import capture_logs

from insight.launch import run_stages
from insight.sources.check import check_file
from insight.sources.source import load_source
from insight.sources.stage import INGEST
from insight.stages import Run
from insight.tables import RAW_EVENTS, RAW_ITEMS
from tests.small_lake import open_night

EXPORTS = Path(__file__).parent / "exports"
NIGHT = date(2024, 3, 1)
SOURCES = ("google_analytics", "shopify", "woocommerce")


Night = tuple[Run, list[MutableMapping[str, Any]]]


@pytest.fixture(scope="module")
def first_night(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The run that has read every export, and its log."""
    folder = tmp_path_factory.mktemp("exports")
    shutil.copytree(EXPORTS, folder / "landing")
    crowds = {"ingest__crowd_share": 0.7, "ingest__crowd_min_events": 5}
    run = open_night(spark, folder, f"{NIGHT}", sources=list(SOURCES), **crowds)
    with capture_logs() as logged:
        run_stages((INGEST,), run)
    run.lake.begin_stage()
    return run, logged


@pytest.fixture
def night(first_night: Night) -> Run:
    return first_night[0]


def test_ingest_warns_of_an_id_that_holds_most_events_of_a_delivery(first_night: Night) -> None:
    told = [entry for entry in first_night[1] if "null_customer_ids" in entry["event"]]
    assert [(entry["source"], entry["share"], entry["events"]) for entry in told] == [
        ("google_analytics", "90.9%", 11)
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_source_check_finds_nothing_wrong(spark: SparkSession, name: str) -> None:
    (file,) = (EXPORTS / name).iterdir()
    checks = check_file(spark, load_source(name), f"file:{file}", read_on=NIGHT)
    assert [(check.feed.feed, check.problems, check.row_count > 0) for check in checks] == [
        (feed.feed, (), True) for feed in load_source(name).feeds
    ]


def _of(night: Run, source: str) -> DataFrame:
    events = (
        night.lake.read(RAW_EVENTS).where(f"source = '{source}'").orderBy("event_at", "item_id")
    )
    return events.selectExpr("*", "date_format(event_at, 'MM-dd HH:mm:ss') AS at")


def test_each_line_of_a_shopify_order_is_a_sale_at_its_moment_in_utc(night: Run) -> None:
    rows = _of(night, "shopify").collect()
    sales = [
        (row["at"], row["item_id"], row["quantity"], row["price"], row["discount"]) for row in rows
    ]
    assert sales == [
        ("03-01 04:30:00", "MUG", 1.0, 9.5, 0.0),
        ("03-01 09:15:00", "Canvas Bag", 1.0, 14.0, 0.0),
        ("03-01 09:15:00", "FERN-A4", 2.0, 16.0, 2.0),
    ]
    # Only the first line of an order tells the country; the guest of the second has no address.
    assert [row["country"] for row in rows] == ["FR", None, "DE"]
    assert [row["currency"] for row in rows] == ["EUR", None, "EUR"]
    guest, *ada = (row["customer_id"] for row in rows)
    assert guest is None and ada[0] == ada[1]
    assert rows[1]["order_id"] == rows[2]["order_id"] != rows[0]["order_id"]
    assert "shop.example" not in str(rows)


def test_paid_items_of_woocommerce_orders_are_sales(night: Run) -> None:
    rows = _of(night, "woocommerce").collect()
    assert [(row["at"], row["item_id"], row["quantity"], row["price"]) for row in rows] == [
        ("03-01 10:15:00", "Sticker", 1.0, 5.0),
        ("03-01 10:15:00", "woo-beanie", 2.0, 18.0),
        ("03-01 18:30:00", "woo-cap", 1.0, 16.0),
    ]
    assert [row["customer_id"] is None for row in rows] == [False, False, True]


def test_a_parameter_of_google_analytics_is_read_whatever_its_type(night: Run) -> None:
    rows = _of(night, "google_analytics").collect()
    found = [
        (row["event_type"], row["search_text"], row["campaign_id"], row["item_id"]) for row in rows
    ]
    assert found == [
        ("search", "1984", None, None),
        ("search", "1984", None, None),
        ("search", "12.5", None, None),
        # Eight digits may be anybody's number: they are masked.
        ("search", "[number]", None, None),
        ("search", "red shoes", None, None),
        ("search", "0", None, None),
        ("campaign_click", None, "20240301", None),
        ("campaign_click", None, "7", None),
        ("view", None, None, "A"),
        ("view", None, None, None),
        ("purchase", None, None, "A"),
    ]
    # Everybody but Anna is the one browser: "undefined" and 0 are no users.
    assert len({row["customer_id"] for row in rows[:-1]}) == 1
    assert rows[-1]["customer_id"] != rows[0]["customer_id"]
    assert {row["malformed"] for row in rows} == {None}


def test_products_are_described_by_the_lines_that_sell_them(night: Run) -> None:
    items = night.lake.read(RAW_ITEMS).select("source", "item_id", "title", "brand", "price")
    assert {tuple(row) for row in items.collect()} == {
        ("google_analytics", "A", "Tea", None, 9.5),
        ("shopify", "FERN-A4", "Fern Print - A4", "Leaf", 16.0),
        ("shopify", "Canvas Bag", "Canvas Bag", "Loom", 14.0),
        ("shopify", "MUG", "Mug", "Leaf", 9.5),
        ("woocommerce", "woo-beanie", "Beanie", None, 18.0),
        ("woocommerce", "Sticker", "Sticker", None, 5.0),
        ("woocommerce", "woo-cap", "Cap", None, 16.0),
    }
