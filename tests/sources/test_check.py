"""A file seen through a declaration: its rows as mapped, and every problem in words."""

from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from insight.sources.check import FeedCheck, check_file
from insight.sources.declaration import Source
from tests.sources.feeds import csv_file, feed_of

NIGHT = date(2010, 12, 1)
SOUND = "536365,A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK"


def _check(spark: SparkSession, path: Path, **changes: object) -> FeedCheck:
    feed = feed_of("online_retail").model_copy(update=changes)
    (check,) = check_file(
        spark, Source(source="shop", feeds=(feed,)), f"file:{path}", read_on=NIGHT
    )
    return check


def test_a_sound_file_has_rows_and_no_problems(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND, SOUND))
    assert check.problems == ()
    assert check.rows is not None and check.rows.count() == 2


def test_what_does_not_parse_is_told_by_column(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND, SOUND.replace(",6,", ",six,")))
    assert check.problems == ("50.00% of values of Quantity are not int",)
    assert check.rows is not None


def test_a_mapping_to_a_column_there_is_none_is_told(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND), mapping={"item_id": "StokCode"})
    (problem,) = check.problems
    assert "StokCode" in problem and check.rows is None


def test_another_feeds_file_is_told_apart(spark: SparkSession, tmp_path: Path) -> None:
    (problem,) = _check(spark, csv_file(tmp_path, "1,2", header="a,b")).problems
    assert "no column InvoiceNo" in problem


def test_a_name_without_a_date_is_told(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND, name="today.csv"))
    assert check.problems[0].startswith("a name without a date")
