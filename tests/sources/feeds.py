"""Small files of the declared sources, and the way they are read."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from insight.privacy.pseudonyms import PseudonymKey
from insight.sources.declaration import Feed
from insight.sources.inspection import FileFacts, inspect_files
from insight.sources.mapping import to_canonical
from insight.sources.reading import read_rows
from insight.sources.source import load_source

KEY = PseudonymKey(b"a key long enough for these few tests")
DAY = date(2010, 12, 1)

RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def order(number: str) -> str:
    """The pseudonym of an order, as ``canonical`` gives it."""
    return KEY.pseudonym(number, kind="order_id")


def event(number: str) -> str:
    """The pseudonym of the shop's own event id."""
    return KEY.pseudonym(number, kind="event_id")


def feed_of(source: str, position: int = 0) -> Feed:
    return load_source(source).feeds[position]


def rows_of(spark: SparkSession, path: Path, feed: Feed) -> DataFrame:
    return read_rows(spark, feed, inspect_files(spark, [f"file:{path}"], feed))


def canonical(spark: SparkSession, path: Path, feed: Feed, day: date = DAY) -> DataFrame:
    rows = rows_of(spark, path, feed)
    return to_canonical(rows, feed, source="shop", key=KEY, run_date=day)


def feed_with(**changes: Any) -> Feed:
    """A feed of JSON lines with one column, but for what is changed."""
    given = {
        "feed": "lines",
        "target": "raw_events",
        "files": "*",
        "date_is": "when_read",
        "format": "json",
        "columns": {"item": "string"},
        "mapping": {"item_id": "item"},
    }
    return Feed.model_validate(given | changes)


def json_file(folder: Path, *rows: Any, name: str = "2010-12-01.json") -> Path:
    """One object a line; a text is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def facts_of(spark: SparkSession, path: Path, feed: Feed) -> FileFacts:
    (facts,) = inspect_files(spark, [f"file:{path}"], feed)
    return facts


def values_of(frame: DataFrame, *names: str) -> list[tuple[Any, ...]]:
    """Some columns' values, in a settled order."""
    return sorted((tuple(row) for row in frame.select(*names).collect()), key=str)


def csv_file(folder: Path, *lines: str, header: str = RETAIL, name: str = "2010-12-01.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((header, *lines)) + "\n")
    return path
