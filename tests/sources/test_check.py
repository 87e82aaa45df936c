"""A file seen through a declaration: its rows as mapped, and every problem in words."""

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.settings import IngestSettings
from insight.sources.check import FeedCheck, check_file
from insight.sources.declaration import Feed
from insight.sources.source import Source
from tests.sources.feeds import RETAIL, csv_file, feed_of, feed_with, json_file, values_of

NIGHT = date(2010, 12, 1)
SOUND = "536365,A,X,6,2010-12-01 08:26:00,2.55,17850.0,UK"


def _check(spark: SparkSession, path: Path, **changes: object) -> FeedCheck:
    feed = feed_of("online_retail").model_copy(update=changes)
    (check,) = check_file(
        spark, Source(source="shop", feeds=(feed,)), f"file:{path}", read_on=NIGHT
    )
    return check


def _checks(spark: SparkSession, path: Path, *feeds: Feed) -> list[FeedCheck]:
    return check_file(spark, Source(source="shop", feeds=feeds), f"file:{path}", read_on=NIGHT)


def test_a_sound_file_has_rows_and_no_problems(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND, SOUND))
    assert check.problems == ()
    assert check.rows is not None and check.rows.count() == 2


def test_what_does_not_parse_is_told_by_column(spark: SparkSession, tmp_path: Path) -> None:
    check = _check(spark, csv_file(tmp_path, SOUND, SOUND.replace(",6,", ",six,")))
    assert check.problems == (
        "50.00% of values of Quantity are not int, first in row 2, such as aaa"
        " (a: letter, 9: digit)",
    )
    assert check.proposals == ("columns: {Quantity: string}",)
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
    assert check.proposals == ("ignored: [Channel]",)
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
        ' first in row 1, such as [{"text":"aaaa","stars":"aaaa"},{"text":"aaa"}]'
        " (a: letter, 9: digit)",
    )


def test_each_problem_has_its_first_row_and_a_line_to_add(
    spark: SparkSession, tmp_path: Path
) -> None:
    columns = {"price": "double", "units": "int", "at": "timestamp", "weight": "int", "on": "date"}
    feed = feed_with(
        format="csv",
        options={"header": "true"},
        columns={**columns, "item": "string", "coupon": "double"},
        mapping={"price": "price", "event_at": "at", "quantity": "units"},
    )
    path = csv_file(
        tmp_path,
        "0,2.5,1,2024-03-01,1,2024-03-01,A,1",
        '1,"2,5",n.a.,1709288100,1.5,1 March,B,1',
        '2,"2,6",-,1709288101,2,2024-03-01,C,1',
        header=",price,units,at,weight,on,item,coupons",
        name="1.csv",
    )
    absent = feed.model_copy(update={"optional": ("coupon",)})
    (check,) = _checks(spark, path, absent)
    told, *problems = check.problems
    assert told.startswith("a new column coupons; 1 column without a name, at position 1")
    assert [problem.split(", such as")[0] for problem in problems] == [
        "66.67% of values of at are not timestamp, first in row 2",
        "66.67% of values of price are not double, first in row 2",
        "66.67% of values of units are not int, first in row 2",
        "33.33% of values of on are not date, first in row 2",
        "33.33% of values of weight are not int, first in row 2",
    ]
    # at holds a date as well: no type but text fits all of it.
    assert check.proposals == (
        "ignored: [(unnamed 1), coupons]",
        "columns: {price: string}",
        "mapping: {price: 'replace(price, '','', ''.'')'}",
        "null_texts: ['-', n.a.]",
        "columns: {at: string}",
        "columns: {weight: double}",
        "columns: {'on': string}",
    )
    (check,) = check_file(
        spark, Source(source="shop", feeds=(feed,)), f"file:{path}", read_on=NIGHT
    )
    assert check.rows is None and check.problems[0].startswith("no column coupon")
    assert check.proposals == ("optional: [coupon]", "ignored: [(unnamed 1), coupons]")


def test_seconds_since_1970_and_offsets_are_told_apart(spark: SparkSession, tmp_path: Path) -> None:
    feed = feed_with(
        columns={"at": "timestamp", "seen": "timestamp"},
        mapping={"event_at": "at"},
        time_zone="Europe/Berlin",
    )
    path = json_file(tmp_path, {"at": 1709288100123, "seen": "2024-03-01T10:15:00+01:00"})
    (check,) = check_file(
        spark, Source(source="shop", feeds=(feed,)), f"file:{path}", read_on=NIGHT
    )
    assert check.proposals == (
        "columns: {at: bigint}",
        "mapping: {event_at: timestamp_millis(at)}",
        "no `time_zone`: these times say by an offset when they were",
    )


@pytest.mark.parametrize(("least", "is_told"), [(4, True), (5, False)])
def test_one_customer_with_most_events_is_noted(
    spark: SparkSession, tmp_path: Path, least: int, is_told: bool
) -> None:
    feed = feed_with(columns={"who": "string"}, mapping={"customer_id": "who"})
    names = ("guest", "guest", "guest", "anna")
    path = json_file(tmp_path, *({"who": name} for name in names))
    settings = IngestSettings(crowd_share=0.5, crowd_min_events=least)
    source = Source(source="shop", feeds=(feed,))
    (check,) = check_file(spark, source, f"file:{path}", read_on=NIGHT, settings=settings)
    told = [note for note in check.notes if "null_customer_ids" in note]
    assert [note.split(" of the")[0] for note in told] == (
        ["one customer id holds 75.0%"] if is_told else []
    )
    assert "guest" not in str(check.notes) and check.problems == ()
