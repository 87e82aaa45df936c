"""Small files of the declared sources, and the way they are read."""

from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from insight.privacy.pseudonyms import PseudonymKey
from insight.sources.declaration import Feed, load_source
from insight.sources.inspection import inspect_files
from insight.sources.mapping import read_rows, to_canonical

KEY = PseudonymKey(b"a key long enough for these few tests")
DAY = date(2010, 12, 1)

RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def feed_of(source: str, position: int = 0) -> Feed:
    return load_source(source).feeds[position]


def rows_of(spark: SparkSession, path: Path, feed: Feed) -> DataFrame:
    return read_rows(spark, feed, inspect_files(spark, [f"file:{path}"], feed))


def canonical(spark: SparkSession, path: Path, feed: Feed, day: date = DAY) -> DataFrame:
    rows = rows_of(spark, path, feed)
    return to_canonical(rows, feed, source="shop", key=KEY, run_date=day)


def csv_file(folder: Path, *lines: str, header: str = RETAIL, name: str = "2010-12-01.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((header, *lines)) + "\n")
    return path
