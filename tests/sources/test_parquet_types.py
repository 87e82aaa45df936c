"""Parquet as other libraries write it: what converts without loss is read, the rest is named."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import Row, SparkSession

from insight.errors import SourceFormatError
from insight.sources.declaration import Feed
from insight.sources.inspection import check_columns, inspect_files
from insight.sources.parquet import is_convertible
from insight.sources.reading import read_rows, refuse_retyped_columns
from tests.sources.feeds import facts_of, feed_with, values_of

TEN_FIFTEEN = datetime(2024, 3, 1, 10, 15, 0, 123456, tzinfo=UTC)
MIDNIGHT = datetime(2024, 3, 1, tzinfo=UTC)


def _feed(columns: dict[str, str], **more: Any) -> Feed:
    return feed_with(format="parquet", columns=columns, mapping={}, **more)


def _read(spark: SparkSession, path: Path, feed: Feed) -> list[Row]:
    facts = facts_of(spark, path, feed)
    check_columns(facts, feed, allow_new=False)
    return read_rows(spark, feed, [facts]).collect()


def _moment(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def test_a_frame_as_pandas_writes_it_is_read_whole(spark: SparkSession, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "event_at": pd.to_datetime(["2024-03-01 10:15:00.123456", None]),
            "seen_at": pd.to_datetime(["2024-03-01 11:15:00.123456", None]).tz_localize(
                "Europe/Berlin"
            ),
            "event_type": pd.Categorical(["view", "cart"]),
            # Whole numbers with a gap are doubles in pandas.
            "customer": [17850.0, None],
            "units": pd.array([2, 3], dtype="int32"),
            "price": pd.array([2.5, None], dtype="float32"),
            "coupon": [None, None],
        }
    )
    frame.to_parquet(tmp_path / "1.parquet", index=False)
    columns = {
        "event_at": "timestamp",
        "seen_at": "timestamp",
        "event_type": "string",
        "customer": "bigint",
        "units": "bigint",
        "price": "double",
        "coupon": "double",
    }
    rows = _read(spark, tmp_path / "1.parquet", _feed(columns))
    assert [tuple(map(_moment, row[:7])) for row in rows] == [
        (TEN_FIFTEEN, TEN_FIFTEEN, "view", 17850, 2, 2.5, None),
        (None, None, "cart", None, 3, None, None),
    ]
    assert [row["malformed"] for row in rows] == [None, None]


NS, US, MS = (pa.timestamp(unit) for unit in ("ns", "us", "ms"))
BERLIN = pa.timestamp("ns", tz="Europe/Berlin")
MONEY = pa.decimal128(10, 3)
LINE = pa.struct([("at", NS), ("units", pa.int32()), ("tax", pa.null())])
LINES = "array<struct<at: timestamp, units: bigint, tax: double, name: string>>"

DAY = date(2024, 3, 1)
NOON = MIDNIGHT.replace(hour=12, tzinfo=None)
BEFORE_1970 = datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

Stored = tuple[list[Any], pa.DataType, str, Any]

STORED: dict[str, Stored] = {
    "nanoseconds of a zone": ([1709288100123456789], BERLIN, "timestamp", TEN_FIFTEEN),
    "nanoseconds before 1970": ([-1], NS, "timestamp", BEFORE_1970),
    "microseconds": ([1709288100123456], US, "timestamp", TEN_FIFTEEN),
    "milliseconds": ([1709251200000], MS, "timestamp", MIDNIGHT),
    "seconds": ([1709251200], pa.timestamp("s"), "timestamp", MIDNIGHT),
    "a date as a time": ([DAY], pa.date32(), "timestamp", MIDNIGHT),
    "a date of 64 bits": ([DAY], pa.date64(), "date", DAY),
    "midnight as a date": ([MIDNIGHT], NS, "date", DAY),
    "an old date": ([date(1500, 3, 1)], pa.date32(), "date", date(1500, 3, 1)),
    "8 bits": ([-7], pa.int8(), "bigint", -7),
    "32 bits without a sign": ([4_000_000_000], pa.uint32(), "bigint", 4_000_000_000),
    "64 bits without a sign": ([7], pa.uint64(), "bigint", 7),
    "a whole number as text": ([17850], pa.int64(), "string", "17850"),
    "a whole number as double": ([3], pa.int64(), "double", 3.0),
    "32 bits of a double": ([0.5], pa.float32(), "double", 0.5),
    "money as double": ([Decimal("12.340")], MONEY, "double", 12.34),
    "money as wider money": ([Decimal("1.234")], MONEY, "decimal(18,6)", Decimal("1.234000")),
    "long text": (["tea"], pa.large_string(), "string", "tea"),
    "words of a dictionary": (["tea"], pa.dictionary(pa.int8(), pa.string()), "string", "tea"),
    "nothing": ([None], pa.null(), "string", None),
    "nothing where a struct is": ([None], pa.null(), "struct<a: int>", None),
    "an empty list of nothing": ([[]], pa.list_(pa.null()), "array<double>", None),
    "a list of fixed length": ([[0.5]], pa.list_(pa.float64(), 1), "array<float>", [0.5]),
    "fields of other types": (
        [[{"at": NOON, "units": 2, "tax": None}]],
        pa.list_(LINE),
        LINES,
        [Row(at=NOON, units=2, tax=None, name=None)],
    ),
    "a text for none": (["\u00a0undefined"], pa.string(), "string", None),
    "a text for none in a list": (
        [["a", "(not set)"]],
        pa.list_(pa.string()),
        "array<string>",
        ["a", None],
    ),
}

LOST: dict[str, Stored] = {
    "a half": ([1.5], pa.float64(), "bigint", None),
    "too large": ([1 << 40], pa.int64(), "int", None),
    "too long for a double": ([(1 << 53) + 1], pa.int64(), "double", None),
    "too large for 64 bits with a sign": ([1 << 63], pa.uint64(), "bigint", None),
    "digits that money has not": ([Decimal("1.234")], MONEY, "decimal(10,2)", None),
    "a time of day": ([NOON], US, "date", None),
    "an element": ([[1.0, 1.5]], pa.list_(pa.float64()), "array<int>", [1, None]),
}


def test_stored_values_of_any_type_are_the_declared_ones_or_malformed(
    spark: SparkSession, tmp_path: Path
) -> None:
    cases = {**STORED, **LOST}
    table = pa.table({name: pa.array(case[0], case[1]) for name, case in cases.items()})
    pq.write_table(table, tmp_path / "1.parquet")
    feed = _feed({name: case[2] for name, case in cases.items()}, optional=("*.name",))
    (row,) = _read(spark, tmp_path / "1.parquet", feed)
    assert {name: _moment(row[name]) for name in cases} == {
        name: case[3] for name, case in cases.items()
    }
    assert json.loads(row["malformed"]).keys() == LOST.keys()
    assert json.loads(row["malformed"])["a half"] == "9.9"


def test_times_of_96_bits_are_moments_in_utc(spark: SparkSession, tmp_path: Path) -> None:
    at = [NOON, NOON.replace(year=1500)]
    nested = [[{"at": one}] for one in at]
    line = pa.list_(pa.struct([("at", US)]))
    table = pa.table({"at": pa.array(at, US), "lines": pa.array(nested, line)})
    pq.write_table(table, tmp_path / "1.parquet", use_deprecated_int96_timestamps=True)
    feed = _feed({"at": "timestamp", "lines": "array<struct<at: timestamp>>"})
    rows = _read(spark, tmp_path / "1.parquet", feed)
    assert [(row["at"], row["lines"][0]["at"], row["malformed"]) for row in rows] == [
        (one, one, None) for one in at
    ]


def test_files_of_one_night_may_differ_in_their_types(spark: SparkSession, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"who": pa.array([1], pa.int32()), "price": pa.nulls(1)}), tmp_path / "1.parquet"
    )
    pq.write_table(
        pa.table({"who": pa.array([2.0, 2.5]), "price": [1.5, 2.5]}), tmp_path / "2.parquet"
    )
    feed = _feed({"who": "bigint", "price": "double"})
    facts = inspect_files(spark, [f"file:{tmp_path}/{n}.parquet" for n in (1, 2)], feed)
    rows = read_rows(spark, feed, facts)
    assert values_of(rows, "who", "price", "malformed") == [
        (1, None, None),
        (2, 1.5, None),
        (None, 2.5, '{"who":"9.9"}'),
    ]
    with pytest.raises(SourceFormatError, match=r"2\.parquet, column who") as refused:
        refuse_retyped_columns(rows, feed, max_share=0.05)
    assert refused.value.found == "50% of its values are not bigint"


@pytest.mark.parametrize(
    ("found", "declared"),
    [
        ("string", "double"),
        ("string", "timestamp"),
        ("double", "string"),
        ("boolean", "int"),
        ("bigint", "timestamp"),
        ("timestamp", "bigint"),
        ("timestamp[ns]", "bigint"),
        ("time64[us]", "timestamp"),
        ("binary", "string"),
        ("array<string>", "array<double>"),
        ("string", "array<string>"),
        ("struct", "string"),
    ],
)
def test_types_that_mean_something_else_are_not_converted(found: str, declared: str) -> None:
    assert not is_convertible(found, declared)
