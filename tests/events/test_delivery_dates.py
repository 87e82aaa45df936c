"""The date whose nightly delivery brings a row."""

from datetime import date

from pyspark.sql import SparkSession

from insight.events.rules import delivered_on
from insight.point_in_time import EVER
from tests.frames import DAY, at, raw_events


def test_a_row_is_delivered_with_its_file_and_in_a_file_of_many_days_with_its_own(
    spark: SparkSession,
) -> None:
    month = {"covers_from": date(2024, 2, 1), "file_date": date(2024, 2, 29)}
    tokyo = {
        **month,
        "covers_from_at": at("2024-01-31 15:00"),
        "covers_until_at": at("2024-02-29 15:00"),
        "date_zone": "Asia/Tokyo",
    }
    rows = raw_events(
        spark,
        {"event_at": at("2024-03-10 00:00")},
        # Late, and beyond midnight in UTC: a day's file brings both on its own date.
        {"event_at": at("2024-03-09 23:59")},
        {"event_at": at("2024-03-11 03:00"), "covers_until_at": at("2024-03-11 05:00")},
        {**month, "event_at": at("2024-02-01 00:00")},
        {**month, "event_at": at("2024-02-14 23:59")},
        {**month, "event_at": at("2024-01-31 23:59")},
        {**tokyo, "event_at": at("2024-01-31 15:00")},
        {**tokyo, "event_at": at("2024-02-14 15:00")},
        {**tokyo, "event_at": at("2024-02-29 14:59")},
    )
    found = rows.select("event_id", delivered_on("event_at").alias("day")).collect()
    days = {row["event_id"]: row["day"] for row in found}
    end = date(2024, 2, 29)
    assert [days[f"e{n}"] for n in range(len(days))] == [
        *[DAY] * 3,
        date(2024, 2, 1),
        date(2024, 2, 14),
        end,
        date(2024, 2, 1),
        date(2024, 2, 15),
        end,
    ]


def test_a_date_of_a_month_begins_at_its_zones_midnight_in_summer_and_in_winter(
    spark: SparkSession,
) -> None:
    # Clocks in Berlin are put forward on March 31.
    march = {
        "covers_from": date(2024, 3, 1),
        "file_date": date(2024, 3, 31),
        "covers_from_at": at("2024-02-29 23:00"),
        "date_zone": "Europe/Berlin",
    }
    # London had summer time all through 1970.
    undated = {
        "covers_from": EVER,
        "file_date": date(2024, 12, 1),
        "covers_from_at": at("1969-12-31 23:00"),
        "date_zone": "Europe/London",
    }
    april = {
        **march,
        "covers_from": date(2024, 3, 31),
        "covers_from_at": at("2024-03-30 23:00"),
        "file_date": date(2024, 4, 30),
    }
    rows = raw_events(
        spark,
        {**march, "event_at": at("2024-03-30 22:59")},
        {**march, "event_at": at("2024-03-30 23:00")},
        {**april, "event_at": at("2024-03-31 21:59")},
        {**april, "event_at": at("2024-03-31 22:00")},
        {**undated, "event_at": at("2024-07-01 22:59")},
        {**undated, "event_at": at("2024-07-01 23:00")},
        {**undated, "event_at": at("2024-11-01 23:59")},
        {**undated, "event_at": at("2024-11-02 00:00")},
    )
    found = rows.select("event_id", delivered_on("event_at").alias("day")).collect()
    days = {row["event_id"]: row["day"] for row in found}
    assert [days[f"e{n}"] for n in range(len(days))] == [
        date(2024, 3, 30),
        date(2024, 3, 31),
        date(2024, 3, 31),
        date(2024, 4, 1),
        date(2024, 7, 1),
        date(2024, 7, 2),
        date(2024, 11, 1),
        date(2024, 11, 2),
    ]
