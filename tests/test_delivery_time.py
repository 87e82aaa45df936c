"""From which date a row counts as known."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.delivery_time import FIRST_NIGHT, NEVER, DeliveryTime, delivery_time_of
from insight.delta import Lake
from insight.errors import SettingsError
from insight.local_frames import local_frame
from insight.point_in_time import EVER, per_version, versions_as_of
from insight.rehearsal.lake import lake_beside
from tests.memory_lake import MemoryLake

FIRST = date(2024, 3, 1)
TIME = DeliveryTime(FIRST, late_days=7)
ROWS = "name string, delivered_on date, file_date date, ingest_date date, covers_from date"


def _march(day: int) -> date:
    return date(2024, 3, day)


def test_a_row_counts_from_its_delivery_or_from_the_night_that_reads_a_late_file(
    spark: SparkSession,
) -> None:
    long_ago, eve = date(2023, 6, 1), FIRST - timedelta(days=1)
    rows = local_frame(
        spark,
        [
            ("on time", _march(5), _march(5), _march(5), _march(5)),
            ("late file", _march(5), _march(5), _march(7), _march(5)),
            ("a week late", _march(5), _march(5), _march(12), _march(5)),
            # Later than a late file may be: it supplies history.
            ("older file", _march(5), _march(5), _march(13), _march(5)),
            ("file of a month", _march(30), _march(31), _march(31), _march(1)),
            # A nightly export without a date is read on the date of its file.
            ("export of that day", _march(10), _march(10), _march(10), EVER),
            ("export of the day before", _march(9), _march(10), _march(10), EVER),
            ("export of a week before", _march(3), _march(10), _march(10), EVER),
            ("export of the past", _march(2), _march(10), _march(10), EVER),
            # Nothing was served before the first night, whatever it reads.
            ("history", long_ago, long_ago, FIRST, long_ago),
            ("yesterday's file", eve, eve, FIRST, eve),
            ("first export", eve, FIRST, FIRST, EVER),
            # Of a date before the first night, run after it.
            ("backfill", date(2024, 2, 10), date(2024, 2, 10), date(2024, 2, 12), EVER),
        ],
        ROWS,
    )
    found = rows.select("name", TIME.known_on().alias("day")).collect()
    assert {row["name"]: row["day"] for row in found} == {
        "on time": _march(5),
        "late file": _march(7),
        "a week late": _march(12),
        "older file": _march(5),
        "file of a month": _march(30),
        "export of that day": _march(10),
        "export of the day before": _march(10),
        "export of a week before": _march(10),
        "export of the past": _march(2),
        "history": long_ago,
        "yesterday's file": eve,
        "first export": eve,
        "backfill": date(2024, 2, 10),
    }


def test_a_run_knows_what_had_been_read_and_a_rehearsal_what_had_been_delivered(
    spark: SparkSession,
) -> None:
    rows = local_frame(
        spark,
        [
            ("old history", date(2024, 1, 1), FIRST),
            ("new history", date(2024, 2, 20), FIRST),
            ("night", _march(5), _march(5)),
            ("late file of the past", date(2024, 1, 1), _march(6)),
            ("backfill", date(2024, 1, 2), date(2024, 1, 2)),
        ],
        "name string, delivered_on date, ingest_date date",
    )

    def known(day: date) -> set[str]:
        return {row["name"] for row in rows.where(TIME.known_by(day)).collect()}

    first = {"old history", "new history", "backfill"}
    assert known(_march(5)) == {*first, "night"}
    assert known(_march(6)) == {*first, "night", "late file of the past"}
    assert known(date(2024, 2, 1)) == {"old history", "backfill"}


def test_descriptions_hold_from_the_night_that_knew_them_and_the_first_catalogue_since_ever(
    spark: SparkSession,
) -> None:
    described = local_frame(
        spark,
        [
            ("tea", "drinks", FIRST, FIRST),
            ("tea", "herbs", _march(8), _march(8)),
            # A late file of an older date is no news once a newer one is known.
            ("tea", "late", _march(7), _march(9)),
            ("jug", "glass", FIRST, FIRST),
            ("jug", "china", FIRST, _march(2)),
            # New in the catalogue: unknown before.
            ("pot", "china", _march(8), _march(8)),
            ("pot", "clay", _march(7), _march(10)),
            ("tea", "tomorrow", _march(11), _march(11)),
        ],
        "item_id string, category string, known_from date, ingest_date date",
    )
    known = TIME.descriptions(described, key="item_id", run_date=_march(10))
    versions = per_version(known, key="item_id", attributes=["category"])
    long_ago = date(2020, 1, 1)
    found = versions_as_of(
        versions, key="item_id", dates=[long_ago, _march(2), _march(7), _march(10)]
    )
    by_date: dict[date, dict[str, str]] = {}
    for row in found.orderBy(F.col("feature_date")).collect():
        by_date.setdefault(row["feature_date"], {})[row["item_id"]] = row["category"]
    assert by_date == {
        long_ago: {"tea": "drinks", "jug": "glass"},
        _march(2): {"tea": "drinks", "jug": "china"},
        _march(7): {"tea": "drinks", "jug": "china"},
        _march(10): {"tea": "herbs", "jug": "china", "pot": "china"},
    }


def test_a_rehearsal_before_the_first_night_and_a_catalogue_before_the_first_events(
    spark: SparkSession,
) -> None:
    eve, new_year = FIRST - timedelta(days=1), date(2024, 1, 1)
    described = local_frame(
        spark,
        [
            # The night before the first that read events read the catalogue alone.
            ("tea", "drinks", eve, eve),
            ("cup", "china", date(2023, 12, 1), FIRST),
            ("cup", "glass", date(2024, 2, 1), FIRST),
            ("pot", "clay", _march(2), _march(2)),
        ],
        "item_id string, category string, known_from date, ingest_date date",
    )

    def categories(run_date: date, on: date) -> dict[str, str]:
        known = TIME.descriptions(described, key="item_id", run_date=run_date)
        versions = per_version(known, key="item_id", attributes=["category"])
        found = versions_as_of(versions, key="item_id", dates=[on]).collect()
        return {row["item_id"]: row["category"] for row in found}

    assert categories(new_year, new_year) == {"tea": "drinks", "cup": "china"}
    # A later run knows the same of that date.
    assert categories(_march(5), new_year) == {"tea": "drinks", "cup": "china"}
    assert categories(_march(5), _march(5)) == {"tea": "drinks", "cup": "glass", "pot": "clay"}


def test_a_backfill_before_the_first_night_does_not_become_the_first_night(
    spark: SparkSession,
) -> None:
    lake: Any = MemoryLake(spark)

    def first(*nights: date) -> date:
        return delivery_time_of(lake, nights, late_days=7).first_night

    assert first() == NEVER
    assert first(FIRST) == FIRST
    assert first(date(2024, 2, 12), FIRST, _march(2)) == FIRST
    # Tables that were built anew from a later date on.
    assert first(_march(2), _march(3)) == _march(2)
    lake.notes = {FIRST_NIGHT: "the first of March"}
    lake.root = "shop"
    with pytest.raises(SettingsError, match="_first_night of lake shop: found no date"):
        first(FIRST)


def test_a_note_is_never_replaced_and_a_rehearsal_reads_the_real_lakes(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake(spark, str(tmp_path / "lake"), str(tmp_path / "landing"), "run", FIRST)
    beside = lake_beside(lake, (), run_date=FIRST)
    beside.note(FIRST_NIGHT, f"{_march(2)}")
    assert lake.noted(FIRST_NIGHT) is None
    lake.note(FIRST_NIGHT, f"{FIRST}")
    assert not lake.note(FIRST_NIGHT, f"{_march(2)}")
    assert beside.noted(FIRST_NIGHT) == lake.noted(FIRST_NIGHT) == f"{FIRST}"
