from datetime import UTC, date, datetime
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import Row, SparkSession

from insight.local_frames import local_frame

SCHEMA = (
    "id string NOT NULL, count bigint, score float, seen_at timestamp, day date,"
    " price decimal(9,2), tags array<string>,"
    " visits array<struct<at: timestamp, items: array<bigint>>>"
)
FULL = (
    "a",
    2**53 + 1,
    0.5,
    datetime(2024, 3, 10, 12, 0, 0, 1, tzinfo=UTC),
    date(1969, 12, 31),
    None,
    ["x", None],
    [(datetime(2024, 3, 10, tzinfo=UTC), [1, 2]), None],
)
EMPTY = ("b", *[None] * 7)


def test_a_local_frame_holds_what_createdataframe_holds(spark: SparkSession) -> None:
    rows = [FULL, EMPTY]
    actual = local_frame(spark, rows, SCHEMA)
    assert_df_equality(actual, spark.createDataFrame(rows, actual.schema))


def test_nan_is_not_null(spark: SparkSession) -> None:
    (row,) = local_frame(spark, [(float("nan"), None)], "a double, b double").collect()
    assert row["a"] != row["a"]
    assert row["b"] is None


def test_rows_and_mappings_go_by_name_tuples_by_position(spark: SparkSession) -> None:
    rows = [("a", 1), Row(n=1, id="a"), {"n": 1, "id": "a"}]
    assert local_frame(spark, rows, "id string, n int").collect() == [Row(id="a", n=1)] * 3
    assert local_frame(spark, [{"id": "a"}], "id string, n int").collect() == [Row(id="a", n=None)]


def test_reading_it_runs_no_job(spark: SparkSession) -> None:
    scheduler = spark.sparkContext._jsc.sc().dagScheduler()
    before = scheduler.nextJobId()
    rows = local_frame(spark, [("a", 1), ("b", 2)], "id string, n int")
    assert rows.where("n > 1").select("id").collect() == [Row(id="b")]
    assert local_frame(spark, [], "id string").isEmpty()
    assert scheduler.nextJobId() == before


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ({"id": None, "n": 1}, ValueError, "can not be None"),
        ({"id": "a", "m": 1}, ValueError, "found column m"),
        (("a",), ValueError, "shorter"),
        (("a", 1.5), TypeError, "can not accept object `1.5`"),
        ((1, 1), TypeError, "Expected bytes"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(
    spark: SparkSession, row: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        local_frame(spark, [row], "id string NOT NULL, n int")
