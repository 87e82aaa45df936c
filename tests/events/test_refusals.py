"""What is refused is kept, counted, and too much of it stops the night."""

import json
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events.refusals import (
    quality_rows,
    refuse_bad_night,
    refuse_nothing_new,
    refused_rows,
)
from insight.settings import CleanSettings
from insight.tables import CUSTOMERS, EVENTS, ITEMS, QUARANTINE
from tests.frames import DAY, raw_events


def test_refused_rows_of_every_target_are_kept_as_they_came(spark: SparkSession) -> None:
    rows = raw_events(
        spark,
        {"item_id": "  tea ", "price": 2.5},
        {"item_id": "sound"},
        {"item_id": "x" * 10_000_000},
    )
    rows = rows.withColumn("original", F.struct("event_id", "item_id", "price"))
    changed = rows.withColumns({"price": F.lit(9.0), "item_id": F.lit("changed")})
    reason = F.when(F.col("event_id") == "e0", "outlier").when(F.col("event_id") == "e2", "text")
    events = changed.withColumn("reason", reason)
    items = changed.where("event_id = 'e0'").withColumn("reason", F.lit("no_item_id"))
    refused = refused_rows({EVENTS: events, ITEMS: items}, DAY)
    assert refused.columns == QUARANTINE.column_names
    found = {(row["target"], row["reason"]): row for row in refused.collect()}
    assert set(found) == {("events", "outlier"), ("events", "text"), ("items", "no_item_id")}
    outlier = found["events", "outlier"]
    assert json.loads(outlier["payload"]) == {"event_id": "e0", "item_id": "  tea ", "price": 2.5}
    assert outlier["run_date"] == DAY
    assert (outlier["source"], outlier["source_file"]) == ("shop", "shop/2024-03-10.csv")
    # Of a poison row the beginning tells enough.
    assert len(found["events", "text"]["payload"]) == 10_000


def test_counts_add_up_to_what_came_and_corrections_are_counted_besides() -> None:
    counts = {EVENTS: {"kept": 7, "no_price": 2, "bot": 1}, ITEMS: {"kept": 0}}
    corrected = {EVENTS: {"price_imputed": 3}, CUSTOMERS: {"x": 1}}
    assert quality_rows(counts, corrected, DAY) == [
        (DAY, "events", "bot", 1, 0.1),
        (DAY, "events", "kept", 7, 0.7),
        (DAY, "events", "no_price", 2, 0.2),
        (DAY, "events", "price_imputed", 3, 0.3),
        (DAY, "items", "kept", 0, 0.0),
    ]


@pytest.mark.parametrize(
    "by_rule",
    [
        {"kept": 95, "too_late": 5},
        {"kept": 95, "too_late": 3, "no_price": 2},
        # A bot is refused; what people did is worth a night all the same.
        {"kept": 45, "bot": 50, "no_price": 5},
        # What was delivered twice is no sign of a broken source.
        {"kept": 10, "repeated": 80, "near_repeat": 10},
        {"kept": 0},
        {},
    ],
)
def test_a_share_at_the_limit_is_no_bad_night(by_rule: dict[str, int]) -> None:
    refuse_bad_night({EVENTS: by_rule}, DAY, CleanSettings())


def test_a_bad_night_names_the_rules_that_refused_most() -> None:
    rules: dict[str, Any] = {"a": 1, "b": 2, "c": 3, "d": 4, "repeated": 40, "kept": 50}
    sound = {"kept": 100}
    with pytest.raises(DataQualityError) as stopped:
        refuse_bad_night(
            {ITEMS: sound, EVENTS: rules}, DAY, CleanSettings(max_quarantined_share=0.0999)
        )
    error = stopped.value
    assert error.subject == "raw events of 2024-03-10"
    assert error.found == "10.0% of 100 rows refused (4 d, 3 c, 2 b)"
    assert "clean.max_quarantined_share" in error.expected
    assert "quarantine" in error.next_step


def test_a_night_that_is_mostly_a_bots_is_rather_one_name_given_to_everybody() -> None:
    with pytest.raises(DataQualityError, match=r"51\.0% of 100 rows") as stopped:
        refuse_bad_night({EVENTS: {"kept": 49, "bot": 51}}, DAY, CleanSettings())
    assert stopped.value.expected == "at most 50.0% (setting clean.max_bot_share)"
    refuse_bad_night({EVENTS: {"kept": 49, "bot": 51}}, DAY, CleanSettings(max_bot_share=0.6))


def test_a_night_that_brings_nothing_new_is_stopped_and_says_of_what_it_was_made() -> None:
    refuse_nothing_new({"kept": 1, "repeated": 900}, DAY)
    refuse_nothing_new({}, DAY)
    with pytest.raises(DataQualityError, match="20 near_repeat, 900 repeated") as stopped:
        refuse_nothing_new({"kept": 0, "repeated": 900, "near_repeat": 20}, DAY)
    assert stopped.value.exit_code == 2
    assert "allow_empty_day" in stopped.value.next_step
