"""A file seen through a declaration: its rows as mapped, and every problem in words."""

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.sources.check import FeedCheck, check_file
from insight.sources.declaration import Source
from tests.sources.feeds import RETAIL, csv_file, feed_of, feed_with, json_file, values_of

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
    assert check.problems == (
        "50.00% of values of Quantity are not int, such as aaa (a: letter, 9: digit)",
    )
    assert check.rows is not None


def test_a_mapping_to_a_column_there_is_none_is_told(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND), mapping={"item_id": "StokCode"})
    (problem,) = check.problems
    assert "StokCode" in problem and check.rows is None


def test_a_name_that_no_pattern_matches_is_noted(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND), files="till/*.csv")
    assert check.problems == ()
    assert check.notes[-1].startswith("no feed's pattern matches the name")


def test_another_feeds_file_is_told_apart(spark: SparkSession, tmp_path: Path) -> None:
    (problem,) = _check(spark, csv_file(tmp_path, "1,2", header="a,b")).problems
    assert "no column InvoiceNo" in problem


def test_a_name_that_no_night_can_read_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match="rename the file"):
        _check(spark, csv_file(tmp_path, SOUND, name="10:15 2010-12-01.csv"))


def test_a_name_without_a_date_is_told(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND, name="today.csv"))
    assert check.problems[0].startswith("a name without a date")


def test_a_new_column_is_told_beside_the_rows(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, f"{SOUND},web", header=f"{RETAIL},Channel"))
    (problem,) = check.problems
    assert problem.startswith("a new column Channel") and "`ignored`" in problem
    assert check.row_count == 1


def test_what_the_mapping_cannot_compute_is_told_with_its_rows(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = csv_file(tmp_path, SOUND, SOUND.replace(",6,", ",0,"))
    check = _check(spark, path, mapping={"price": "UnitPrice / Quantity", "order_id": "Country"})
    assert check.problems == ("in 1 rows price cannot be computed as UnitPrice / Quantity",)


def test_columns_that_stay_empty_are_noted(spark: SparkSession, tmp_path: Path) -> None:
    path = csv_file(tmp_path, SOUND.replace(",2.55,", ",,"))
    check = _check(spark, path, mapping={"item_id": "StockCode", "price": "UnitPrice"})
    assert check.notes[0] == "empty in every row: price"
    assert "order_id" in check.notes[1] and "event_id" not in check.notes[1]


def test_nested_feedback_is_shown_by_the_feed_that_its_name_fits(
    spark: SparkSession, tmp_path: Path
) -> None:
    said = feed_with(
        feed="said",
        target="raw_feedback",
        files="said/*.json*",
        columns={"notes": "array<struct<text: string, stars: double>>"},
        explode="notes",
        mapping={"feedback_text": "notes.text", "rating": "notes.stars"},
    )
    folder = tmp_path / "said"
    folder.mkdir()
    path = json_file(folder, {"notes": [{"text": "Good", "stars": "five"}, {"text": "Bad"}]})
    source = Source(source="shop", feeds=(feed_with(files="events/*.json"), said))
    (check,) = check_file(spark, source, f"file:{path}", read_on=NIGHT)
    assert check.feed.feed == "said" and check.rows is not None
    assert values_of(check.rows, "feedback_text", "rating") == [("Bad", None), ("Good", None)]
    assert check.problems == (
        "100.00% of values of notes are not array<struct<text: string, stars: double>>,"
        ' such as [{"text":"aaaa","stars":"aaaa"},{"text":"aaa"}] (a: letter, 9: digit)',
    )
