"""From which date a row counts as known."""

from datetime import date, timedelta

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.delivery_time import DeliveryTime
from insight.point_in_time import per_version, versions_as_of

FIRST = date(2024, 3, 1)
TIME = DeliveryTime(FIRST, late_days=7)
ROWS = "name string, delivered_on date, file_date date, ingest_date date"


def _march(day: int) -> date:
    return date(2024, 3, day)


def test_a_row_counts_from_its_delivery_or_from_the_night_that_reads_a_late_file(
    spark: SparkSession,
) -> None:
    long_ago = date(2023, 6, 1)
    rows = spark.createDataFrame(
        [
            ("on time", _march(5), _march(5), _march(5)),
            ("late file", _march(5), _march(5), _march(7)),
            ("a week late", _march(5), _march(5), _march(12)),
            # Later than a late file may be: it supplies history.
            ("older file", _march(5), _march(5), _march(13)),
            ("file of a month", _march(5), _march(31), _march(31)),
            # Nothing was served before the first night, whatever it reads.
            ("history", long_ago, long_ago, FIRST),
            ("yesterday's file", FIRST - timedelta(days=1), FIRST - timedelta(days=1), FIRST),
        ],
        ROWS,
    )
    found = rows.select("name", TIME.known_on().alias("day")).collect()
    assert {row["name"]: row["day"] for row in found} == {
        "on time": _march(5),
        "late file": _march(7),
        "a week late": _march(12),
        "older file": _march(5),
        "file of a month": _march(5),
        "history": long_ago,
        "yesterday's file": FIRST - timedelta(days=1),
    }


def test_a_run_knows_what_had_been_read_and_a_rehearsal_what_had_been_delivered(
    spark: SparkSession,
) -> None:
    rows = spark.createDataFrame(
        [
            ("old history", date(2024, 1, 1), date(2024, 1, 1), FIRST),
            ("new history", date(2024, 2, 20), date(2024, 2, 20), FIRST),
            ("night", _march(5), _march(5), _march(5)),
            ("late file of the past", date(2024, 1, 1), date(2024, 1, 1), _march(6)),
        ],
        ROWS,
    )

    def known(day: date) -> set[str]:
        return {row["name"] for row in rows.where(TIME.known_by(day)).collect()}

    assert known(_march(5)) == {"old history", "new history", "night"}
    assert known(_march(6)) == {"old history", "new history", "night", "late file of the past"}
    assert known(date(2024, 2, 1)) == {"old history"}


def test_descriptions_hold_from_the_night_that_knew_them_and_the_first_catalogue_since_ever(
    spark: SparkSession,
) -> None:
    described = spark.createDataFrame(
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
