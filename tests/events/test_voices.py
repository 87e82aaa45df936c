"""What customers say and are shown: its rules, its text, its repeats."""

from datetime import date
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.events.rules import with_reason
from insight.events.voices import (
    clean_text,
    exposure_rules,
    feedback_rules,
    to_exposures,
    to_feedback,
    with_repeated_reason,
)
from insight.local_frames import local_frame
from insight.settings import CleanSettings
from insight.tables import EXPOSURES, FEEDBACK, RAW_EXPOSURES, RAW_FEEDBACK
from tests.frames import DAY, at, frame, with_utc_bounds

LATER = date(2024, 3, 11)
SETTINGS = CleanSettings(earliest_event_date=date(2020, 1, 1))

_DELIVERED: dict[str, Any] = {
    "source": "shop",
    "source_file": "1.csv",
    "file_date": DAY,
    "covers_from": DAY,
    "key_id": "key",
    "ingest_date": DAY,
}
_SAID = {
    **_DELIVERED,
    "created_at": at("2024-03-10 12:00"),
    "kind": "review",
    "feedback_text": "Good tea",
}
_SHOWN = {
    **_DELIVERED,
    "exposed_at": at("2024-03-10 12:00"),
    "customer_id": "anna",
    "campaign_id": "spring",
}


def _raw_feedback(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    full = ({**_SAID, "feedback_id": f"f{n}", **row} for n, row in enumerate(rows))
    return frame(spark, RAW_FEEDBACK, *map(with_utc_bounds, full))


def _raw_exposures(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    full = ({**_SHOWN, "exposure_id": f"x{n}", **row} for n, row in enumerate(rows))
    return frame(spark, RAW_EXPOSURES, *map(with_utc_bounds, full))


SAID: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"malformed": "{}"}, "malformed"),
    ({"created_at": None}, "no_created_at"),
    ({"created_at": at("2024-03-10 23:59:59.999999")}, None),
    ({"created_at": at("2024-03-11 00:00")}, "in_the_future"),
    ({"created_at": at("2020-01-01 00:00")}, None),
    ({"created_at": at("2019-12-31 23:59:59.999999")}, "before_earliest_date"),
    *(({"kind": kind}, None) for kind in ("ticket", "question", "mention")),
    ({"kind": "Review"}, "unknown_kind"),
    ({"kind": None}, "unknown_kind"),
    ({"feedback_text": None}, "no_text"),
    ({"feedback_text": " <br/>\u0000\ufffd "}, "no_text"),
    ({"feedback_text": "x" * 10_000}, None),
    ({"feedback_text": "x" * 10_001}, "text_too_long"),
    ({"rating": 1.0}, None),
    ({"rating": 5.0}, None),
    ({"rating": 0.99}, "rating_out_of_bounds"),
    ({"rating": 5.01}, "rating_out_of_bounds"),
    ({"rating": float("nan")}, "rating_out_of_bounds"),
    ({"customer_id": None, "item_id": None}, None),
]

SHOWN: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"malformed": "{}"}, "malformed"),
    ({"exposed_at": None}, "no_exposed_at"),
    ({"exposed_at": at("2024-03-11 00:00")}, "in_the_future"),
    ({"exposed_at": at("2019-12-31 00:00")}, "before_earliest_date"),
    ({"customer_id": None}, "no_customer_id"),
    ({"campaign_id": None}, "no_campaign"),
    ({"campaign_id": " "}, "no_campaign"),
    ({"ends_at": at("2024-03-10 12:00")}, None),
    ({"ends_at": at("2024-03-10 11:59:59")}, "ends_before_it_begins"),
]


def test_each_rule_of_feedback_and_exposures_names_the_rows_that_break_it(
    spark: SparkSession,
) -> None:
    # Read a day after its delivery, which decides what is the future.
    said = _raw_feedback(spark, *(row for row, _ in SAID))
    rules = feedback_rules(SETTINGS, run_date=LATER)
    found = with_reason(said, rules).select("feedback_id", "reason").collect()
    assert {r[0]: r[1] for r in found} == {f"f{n}": reason for n, (_, reason) in enumerate(SAID)}
    assert {reason for _, reason in SAID if reason} == set(rules)
    shown = _raw_exposures(spark, *(row for row, _ in SHOWN))
    rules = exposure_rules(SETTINGS, run_date=LATER)
    found = with_reason(shown, rules).select("exposure_id", "reason").collect()
    assert {r[0]: r[1] for r in found} == {f"x{n}": reason for n, (_, reason) in enumerate(SHOWN)}
    assert {reason for _, reason in SHOWN if reason} == set(rules)


def test_of_copies_the_first_sound_one_stays_and_the_lakes_before_it(spark: SparkSession) -> None:
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"feedback_id": "twice", "source_file": "2.csv"}, "repeated"),
        ({"feedback_id": "twice", "source_file": "1.csv"}, None),
        (
            {"feedback_id": "twice", "source_file": "3.csv", "file_date": LATER},
            "repeated",
        ),
        ({"feedback_id": "known"}, "repeated"),
        ({"feedback_id": "broken", "kind": None}, "unknown_kind"),
        ({"feedback_id": "broken", "source_file": "2.csv"}, None),
        ({"feedback_id": "broken and known", "kind": None}, "unknown_kind"),
    ]
    given = ({**row, "reply_text": str(n)} for n, (row, _) in enumerate(cases))
    rows = _raw_feedback(spark, *given)
    judged = with_reason(rows, feedback_rules(SETTINGS, run_date=DAY))
    known = local_frame(spark, [("known",), ("broken and known",)], "feedback_id string")
    actual = with_repeated_reason(judged, known, key="feedback_id")
    assert actual.columns == judged.columns
    found = {int(row["reply_text"]): row["reason"] for row in actual.collect()}
    assert found == {n: reason for n, (_, reason) in enumerate(cases)}


def test_text_keeps_its_words_and_loses_markup_controls_and_broken_letters(
    spark: SparkSession,
) -> None:
    texts = {
        "Good tea": "Good tea",
        "  Good\r\n\ttea\u0000! ": "Good tea !",
        "<p>Good <b>tea</b></p>": "Good tea",
        "1 < 2 and 3 > 2": "1 < 2 and 3 > 2",
        "<!-- no --> I <3 it</b>": "I <3 it",
        "Tea \ufffd\ufffd pot": "Tea pot",
        "\u00c4rger & \u8336 \U0001f375": "\u00c4rger & \u8336 \U0001f375",
        f"<{'x' * 202}>": f"<{'x' * 202}>",
        "<br>": "",
        None: None,
    }
    rows = local_frame(spark, [(text,) for text in texts], "text string")
    found = rows.select(clean_text("text")).collect()
    assert [row[0] for row in found] == list(texts.values())


def test_sound_rows_take_the_form_of_their_tables(spark: SparkSession) -> None:
    said = _raw_feedback(
        spark,
        {
            "item_id": " tea ",
            "rating": 4.0,
            "feedback_text": " <i>Good</i> ",
            "created_at": at("2024-03-09 23:59"),
        },
    )
    (row,) = to_feedback(said).collect()
    feedback = to_feedback(said)
    assert feedback.columns == FEEDBACK.column_names
    assert (row["item_id"], row["feedback_text"], row["reply_text"]) == ("tea", "Good", None)
    assert (row["feedback_date"], row["ingest_date"]) == (date(2024, 3, 9), DAY)
    shown = to_exposures(_raw_exposures(spark, {"campaign_id": " spring "}))
    assert shown.columns == EXPOSURES.column_names
    (row,) = shown.select("campaign_id", "exposure_date", F.col("ends_at")).collect()
    assert tuple(row) == ("spring", DAY, None)
