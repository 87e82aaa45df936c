"""Each text is a value, none, or malformed, by the documented forms of its type."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.sources.feeds import (
    canonical,
    feed_with,
    json_file,
    rows_of,
    values_of,
)

BAD = "malformed"

TEN_FIFTEEN = datetime(2024, 3, 1, 10, 15, tzinfo=UTC)
MIDNIGHT = datetime(2024, 3, 1, tzinfo=UTC)

NUMBERS: dict[str, Any] = {
    "12": 12.0,
    "-1.5": -1.5,
    "+.5": 0.5,
    "5.": 5.0,
    "1e3": 1000.0,
    "2.5E-3": 0.0025,
    "\u00a07\t": 7.0,
    "NaN": None,
    "": None,
    "  ": None,
    "12F": BAD,
    "5d": BAD,
    "0x1p3": BAD,
    "Infinity": BAD,
    "1e999": BAD,
    "1,5": BAD,
    "1_000": BAD,
    "€5": BAD,
    "9" * 5000 + "x": BAD,
}

WHOLE_NUMBERS: dict[str, Any] = {
    "12": 12,
    "-3": -3,
    "12.0": 12,
    "9007199254740993": 9007199254740993,
    "12.5": BAD,
    "1e3": BAD,
    "9223372036854775808": BAD,
    "1 000": BAD,
}

MONEY: dict[str, Any] = {
    "12.30": Decimal("12.30"),
    "12.3000": Decimal("12.30"),
    ".5": Decimal("0.50"),
    "12.345": BAD,
    "1e2": BAD,
    "123456789.00": BAD,
}

TIMES: dict[str, Any] = {
    "2024-03-01 10:15:00": TEN_FIFTEEN,
    "2024-03-01T10:15:00.000": TEN_FIFTEEN,
    "2024-03-01T10:15": TEN_FIFTEEN,
    "2024-03-01T10:15Z": TEN_FIFTEEN,
    "2024-03-01T11:15+01:00": TEN_FIFTEEN,
    "2024-03-01 05:15:00 -0500": TEN_FIFTEEN,
    "2024-03-01 10:15:00 UTC": TEN_FIFTEEN,
    "2024-03-01T10:15:00,5Z": TEN_FIFTEEN.replace(microsecond=500_000),
    "2024-03-01T10:15:00.123456789Z": TEN_FIFTEEN.replace(microsecond=123_456),
    "2024-3-1 10:15": TEN_FIFTEEN,
    "2024-03-01": MIDNIGHT,
    "\ufeff2024-03-01 ": MIDNIGHT,
    "0000-00-00 00:00:00": None,
    "18:00": BAD,
    "T18:00": BAD,
    "18:00:00Z": BAD,
    "2024": BAD,
    "2024-03": BAD,
    "now": BAD,
    "today": BAD,
    "yesterday": BAD,
    "tomorrow": BAD,
    "epoch": BAD,
    "2024-02-30": BAD,
    "2024-03-01T24:00": BAD,
    "2024-03-01 10:15:00 Europe/Berlin": BAD,
    "01/03/2024": BAD,
    "1709288100": BAD,
}

DATES: dict[str, Any] = {
    "2024-03-01": date(2024, 3, 1),
    "2024-03-01 00:00:00": date(2024, 3, 1),
    "2024-03-01T00:00:00.000Z": date(2024, 3, 1),
    "2024-03-01 10:15": BAD,
    "2024-03-01 anything": BAD,
    "2024-03": BAD,
}

TRUTHS: dict[str, Any] = {
    "true": True,
    "False": False,
    "TRUE": True,
    "yes": BAD,
    "1": BAD,
    "t": BAD,
}

CASES = {
    "double": NUMBERS,
    "bigint": WHOLE_NUMBERS,
    "decimal(10,2)": MONEY,
    "timestamp": TIMES,
    "date": DATES,
    "boolean": TRUTHS,
}


def test_every_form_of_every_type_is_read_or_malformed(spark: SparkSession, tmp_path: Path) -> None:
    cases = [
        (kind, text, expected) for kind, group in CASES.items() for text, expected in group.items()
    ]
    columns = {
        "row": "bigint",
        **{f"as {kind}": kind for kind in CASES},
        "deep": "struct<t: bigint>",
    }
    rows = [{"row": place, f"as {kind}": text} for place, (kind, text, _) in enumerate(cases)]
    path = json_file(tmp_path, *rows)
    feed = feed_with(columns=columns, mapping={})
    read = [row.asDict() for row in rows_of(spark, path, feed).orderBy("row").collect()]
    found, wanted = {}, {}
    for (kind, text, expected), row in zip(cases, read, strict=True):
        value = row[f"as {kind}"]
        value = value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
        found[kind, text] = BAD if row["malformed"] else value
        wanted[kind, text] = expected
    assert found == wanted


def test_fields_and_elements_follow_the_rules_of_columns(
    spark: SparkSession, tmp_path: Path
) -> None:
    kind = "array<struct<at: timestamp, price: double, units: int, name: string>>"
    feed = feed_with(columns={"lines": kind}, mapping={}, null_texts=("-",))
    sound = {"at": "2024-03-01T10:15Z", "price": "", "units": "2.0", "name": "(not set)"}
    broken = ({"at": "18:00"}, {"price": "12F"}, {"units": "1e3"})
    path = json_file(
        tmp_path, {"lines": [sound, {"name": " - "}]}, *({"lines": [one]} for one in broken)
    )
    first, *others = rows_of(spark, path, feed).collect()
    assert first["malformed"] is None
    # None of them holds a name: what stood there means no value.
    assert [line["name"] for line in first["lines"]] == [None, None]
    line = first["lines"][0]
    assert line["at"].replace(tzinfo=UTC) == TEN_FIFTEEN
    assert (line["price"], line["units"]) == (None, 2)
    assert [json.loads(row["malformed"])["lines"] for row in others] == [
        '[{"at":"99:99"}]',
        '[{"price":"99a"}]',
        '[{"units":"9a9"}]',
    ]


def test_a_text_that_a_mapping_gives_is_parsed_as_one_in_a_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(
        columns={"paid": "string", "day": "string", "time": "string"},
        mapping={"price": "replace(paid, ',', '.')", "event_at": "concat(day, ' ', time)"},
        time_zone="Europe/Berlin",
    )
    sound = {"paid": "12,50", "day": "2024-03-01", "time": "11:15"}
    path = json_file(
        tmp_path, sound, {"paid": "12F"}, {"day": "", "time": "18:00"}, {**sound, "time": "10:15Z"}
    )
    rows = canonical(spark, path, feed).selectExpr(
        "string(event_at) AS at",
        "price",
        "map_keys(from_json(malformed, 'map<string,string>')) AS bad",
    )
    assert values_of(rows, "at", "price", "bad") == [
        ("2024-03-01 10:15:00", 12.5, None),
        # An offset and a zone: the time would be moved twice.
        (None, 12.5, ["mapping.event_at"]),
        (None, None, None),
        (None, None, ["mapping.price"]),
    ]


def test_a_time_with_an_offset_is_malformed_where_a_zone_is_declared(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(
        columns={"at": "timestamp"}, mapping={"event_at": "at"}, time_zone="America/New_York"
    )
    path = json_file(tmp_path, {"at": "2024-03-01 05:15:00"}, {"at": "2024-03-01T10:15:00Z"})
    rows = canonical(spark, path, feed).selectExpr("string(event_at) AS at", "malformed")
    assert values_of(rows, "at", "malformed") == [
        ("2024-03-01 10:15:00", None),
        (None, '{"at":"9999-99-99a99:99:99a"}'),
    ]
