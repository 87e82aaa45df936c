"""Times in any form and zone; one bad value marks its row and ends no night."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import SettingsError
from tests.sources.feeds import canonical, feed_with, json_file, values_of

FAR = 9223372036854775807
"""Beyond what a timestamp can hold."""


@pytest.mark.parametrize(
    ("kind", "sql", "found", "bad", "at"),
    [
        ("bigint", "timestamp_seconds(at)", 1291192000, FAR, "2010-12-01 08:26:40"),
        ("bigint", "timestamp_millis(at)", 1291192000123, FAR, "2010-12-01 08:26:40.123"),
        ("bigint", "timestamp_micros(at)", "1291192000123456", "?", "2010-12-01 08:26:40.123456"),
        ("timestamp", "at", "2010-12-01T09:26:40+01:00", "soon", "2010-12-01 08:26:40"),
        ("timestamp", "at", "2010-12-01T08:26:40.5Z", 1e300, "2010-12-01 08:26:40.5"),
        (
            "string",
            "to_timestamp(at, 'dd/MM/yyyy HH:mm')",
            "01/12/2010 08:26",
            "2010-12-01",
            "2010-12-01 08:26:00",
        ),
    ],
)
def test_a_time_is_read_and_a_bad_one_is_told(
    spark: SparkSession, tmp_path: Path, kind: str, sql: str, found: object, bad: object, at: str
) -> None:
    feed = feed_with(columns={"at": kind}, mapping={"event_at": sql})
    rows = canonical(spark, json_file(tmp_path, {"at": found}, {"at": bad}, {"at": None}), feed)
    read = rows.selectExpr("cast(event_at AS string) AS at", "malformed IS NULL AS is_sound")
    assert values_of(read, "at", "is_sound") == [(at, True), (None, False), (None, True)]


def test_wall_clock_times_of_a_zone_are_put_into_utc_on_nights_of_changing_clocks_too(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(
        target="raw_exposures",
        columns={"at": "timestamp", "until": "timestamp"},
        mapping={"exposed_at": "at", "ends_at": "until"},
        time_zone="Europe/Berlin",
    )
    rows = [
        {"at": "2024-03-31 01:59:59", "until": "2024-03-31 03:00:00"},
        # There is no half past two that night: an hour on, as clocks are put.
        {"at": "2024-03-31 02:30:00", "until": "2024-07-01 12:00:00"},
        # And here there are two: the first.
        {"at": "2024-10-27 02:30:00", "until": "2024-10-27 03:00:00"},
    ]
    exposures = canonical(spark, json_file(tmp_path, *rows), feed)
    times = exposures.selectExpr("cast(exposed_at AS string) AS a", "cast(ends_at AS string) AS b")
    assert values_of(times, "a", "b") == [
        ("2024-03-31 00:59:59", "2024-03-31 01:00:00"),
        ("2024-03-31 01:30:00", "2024-07-01 10:00:00"),
        ("2024-10-27 00:30:00", "2024-10-27 02:00:00"),
    ]


def test_an_expression_that_fails_on_a_row_is_told_by_its_column(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(
        columns={"total": "double", "units": "bigint", "at": "bigint"},
        where="1 / units > 0 OR units = 0",
        # What two columns share must not be computed outside of both attempts.
        mapping={
            "price": "total / units",
            "event_at": "timestamp_millis(at)",
            "order_id": "cast(timestamp_millis(at) AS string)",
        },
    )
    path = json_file(
        tmp_path,
        {"total": 9.0, "units": 2, "at": 0},
        {"total": 9.0, "units": 2, "at": 9223372036854775807},
        {"total": 9.0, "units": -2, "at": 0},
    )
    rows = canonical(spark, path, feed).orderBy("event_at").collect()
    failed, sound = rows
    assert (sound["price"], sound["malformed"]) == (4.5, None)
    assert (failed["price"], failed["event_at"], failed["order_id"]) == (4.5, None, None)
    assert json.loads(failed["malformed"]) == {
        "mapping.event_at": "could not be computed as timestamp_millis(at)"
    }


def test_a_row_of_which_nobody_can_tell_whether_to_take_it_is_kept_and_told(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(columns={"units": "bigint"}, where="1 / units > 0", mapping={})
    feed = feed.model_copy(update={"mapping": {"quantity": "units"}})
    path = json_file(tmp_path, {"units": 0}, {"units": 1}, {"units": -1}, {"units": None})
    rows = canonical(spark, path, feed)
    assert values_of(rows, "quantity", "malformed") == [
        (0.0, '{"mapping.where": "could not be computed as 1 / units > 0"}'),
        (1.0, None),
    ]


def test_attempts_hold_in_compiled_code_too(spark: SparkSession, tmp_path: Path) -> None:
    feed = feed_with(
        columns={"at": "bigint"},
        mapping={"event_at": "timestamp_millis(at)", "order_id": "string(timestamp_millis(at))"},
    )
    path = json_file(tmp_path, {"at": 9223372036854775807})
    names = ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode")
    before = {name: spark.conf.get(name) for name in names}
    spark.conf.set("spark.sql.codegen.wholeStage", "true")
    spark.conf.set("spark.sql.codegen.factoryMode", "CODEGEN_ONLY")
    try:
        (row,) = canonical(spark, path, feed).collect()
    finally:
        for name, value in before.items():
            spark.conf.set(name, str(value))
    assert row["event_at"] is None and "mapping.event_at" in row["malformed"]


@pytest.mark.parametrize("changes", [{"where": "itm = 'A'"}, {"mapping": {"item_id": "itm ("}}])
def test_sql_that_is_not_understood_is_the_declarations_mistake(
    spark: SparkSession, tmp_path: Path, changes: dict[str, object]
) -> None:
    path = json_file(tmp_path, {"item": "A"})
    with pytest.raises(SettingsError, match="feed lines: found a mapping that is not understood"):
        canonical(spark, path, feed_with(**changes))


@pytest.mark.parametrize(
    ("zones", "begins", "ends"),
    [
        ({}, "2024-03-10 00:00:00", "2024-03-11 00:00:00"),
        # Clocks are put forward that night: the date has 23 hours.
        ({"time_zone": "America/New_York"}, "2024-03-10 05:00:00", "2024-03-11 04:00:00"),
        # Times are in UTC, dates are not.
        ({"date_zone": "America/New_York"}, "2024-03-10 05:00:00", "2024-03-11 04:00:00"),
        ({"date_zone": "Asia/Tokyo"}, "2024-03-09 15:00:00", "2024-03-10 15:00:00"),
    ],
    ids=["utc", "new york", "new york's dates", "tokyo"],
)
def test_a_files_date_begins_and_ends_in_the_feeds_zone(
    spark: SparkSession, tmp_path: Path, zones: dict[str, str], begins: str, ends: str
) -> None:
    day = {"date_is": "day", "date_from_name": r"(\d{4}-\d{2}-\d{2})\.json$"}
    path = json_file(tmp_path, {"item": "tea"}, name="2024-03-10.json")
    rows = canonical(spark, path, feed_with(**day, **zones))
    bounds = rows.selectExpr("string(covers_from_at) AS a", "string(covers_until_at) AS b")
    assert values_of(bounds, "a", "b") == [(begins, ends)]


def test_a_zone_of_dates_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="date_zone: no zone 'Mars/Olympus'"):
        feed_with(date_zone="Mars/Olympus")
