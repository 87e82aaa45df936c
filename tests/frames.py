"""Tiny frames: a test names the columns it is about, the rest is filled in."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import Phase, settings
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.point_in_time import EVER
from insight.tables import (
    CUSTOMER_DAILY,
    EVENTS,
    EXPOSURES,
    ITEM_DAILY,
    ITEMS,
    MONEY,
    RAW_EVENTS,
    SESSIONS,
    Table,
)

DAY = date(2024, 3, 10)

in_batches = settings(
    max_examples=4, phases=(Phase.generate,), deadline=None, derandomize=True, database=None
)
"""For properties over frames: a query takes as long for sixty drawn customers as for one, so
one example of Hypothesis is a whole frame of them. The first is always the simplest."""

_EVENT: dict[str, Any] = {
    "event_type": "purchase",
    "ingest_date": DAY,
    "customer_id": "anna",
    "item_id": "tea",
    "order_id": None,
    "quantity": 1.0,
    "price": 2.0,
    "amount": Decimal(2),
    "discount": Decimal(0),
    "coupon": Decimal(0),
    "country": None,
    "source": "shop",
    "file_date": DAY,
    "covers_from": DAY,
}

_RAW_EVENT: dict[str, Any] = {
    "event_at": datetime(2024, 3, 10, 12, tzinfo=UTC),
    "event_type": "purchase",
    "customer_id": "anna",
    "item_id": "tea",
    "order_id": None,
    "quantity": 1.0,
    "price": 2.0,
    "discount": None,
    "coupon": None,
    "country": None,
    "source": "shop",
    "source_file": "shop/2024-03-10.csv",
    "file_date": DAY,
    "covers_from": DAY,
    "malformed": None,
    "key_id": "key",
    "ingest_date": DAY,
}

_SESSION: dict[str, Any] = {
    "customer_id": "anna",
    "duration_seconds": 0,
    "event_count": 1,
    "view_count": 0,
    "search_count": 0,
    "cart_count": 0,
    "purchase_count": 1,
    "amount": Decimal(2),
    "funnel_step": "purchased",
    "seconds_to_purchase": 0,
}

_ZERO = {"bigint": 0, MONEY: Decimal(0)}

_CUSTOMER_DAY: dict[str, Any] = {
    **{c.name: _ZERO[c.type] for c in CUSTOMER_DAILY.columns if c.type in _ZERO},
    "customer_id": "anna",
    "last_event_at": datetime(2024, 3, 10, 12, tzinfo=UTC),
}

_ITEM_DAY: dict[str, Any] = {
    **{c.name: _ZERO[c.type] for c in ITEM_DAILY.columns if c.type in _ZERO},
    "item_id": "tea",
    "ingest_date": DAY,
}


def at(text: str) -> datetime:
    """A moment in UTC: ``at("2024-03-10 09:30")``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def frame(spark: SparkSession, table: Table, *rows: dict[str, Any]) -> DataFrame:
    """Rows of a table, in its columns' order; what a row does not name is null."""
    values = [tuple(row.get(name) for name in table.column_names) for row in rows]
    return local_frame(spark, values, table.schema)


def events(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Clean events: ``event_date`` follows ``event_at``, ids are e0, e1, ... by position."""
    full = [
        {
            **_EVENT,
            "event_id": f"e{n}",
            "event_date": row["event_at"].date(),
            "delivered_on": row["event_at"].date(),
            **row,
        }
        for n, row in enumerate(rows)
    ]
    return frame(spark, EVENTS, *full)


def raw_events(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Events as delivered; ids are e0, e1, ... by position."""
    full = [{**_RAW_EVENT, "event_id": f"e{n}", **row} for n, row in enumerate(rows)]
    return frame(spark, RAW_EVENTS, *map(with_utc_bounds, full))


def with_utc_bounds(row: dict[str, Any]) -> dict[str, Any]:
    """A raw row with the moments at which its file's dates begin and end in UTC."""
    first, last = row.get("covers_from"), row.get("file_date")
    bounds = {
        "covers_from_at": first and datetime(first.year, first.month, first.day, tzinfo=UTC),
        "covers_until_at": last
        and datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1),
        "date_zone": "UTC",
    }
    return {**bounds, **row}


def exposures(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Showings of the campaign spring, unless a row says so; ids are x0, x1, ... by position."""
    told = {
        "customer_id": "anna",
        "campaign_id": "spring",
        "source": "shop",
        "file_date": DAY,
        "covers_from": DAY,
        "ingest_date": DAY,
    }
    full = [
        {
            **told,
            "exposure_id": f"x{n}",
            "exposure_date": row["exposed_at"].date(),
            "delivered_on": row["exposed_at"].date(),
            **row,
        }
        for n, row in enumerate(rows)
    ]
    return frame(spark, EXPOSURES, *full)


def on_time(rows: DataFrame) -> DataFrame:
    """Events or exposures that count from the date that delivers them."""
    return rows.withColumn("known_on", F.col("delivered_on"))


def whole(days: DataFrame) -> DataFrame:
    """Customers' days that no late event touches."""
    return days.withColumn("known_from", F.lit(EVER))


def sessions(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Visits of no length, from ``started_at``."""
    full = [
        {
            **_SESSION,
            "session_id": f"s{n}",
            "ended_at": row["started_at"],
            "session_date": row["started_at"].date(),
            **row,
        }
        for n, row in enumerate(rows)
    ]
    return frame(spark, SESSIONS, *full)


def customer_days(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Days of customers on which nothing was bought, unless a row says so."""
    return frame(spark, CUSTOMER_DAILY, *({**_CUSTOMER_DAY, **row} for row in rows))


def item_days(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Days of items on which nothing was bought, unless a row says so."""
    return frame(spark, ITEM_DAILY, *({**_ITEM_DAY, **row} for row in rows))


def items(spark: SparkSession, *rows: tuple[str, str | None]) -> DataFrame:
    """Items and their categories, known from the first day on."""
    described = (
        {"item_id": i, "category": c, "known_from": DAY, "ingest_date": DAY} for i, c in rows
    )
    return frame(spark, ITEMS, *described)
