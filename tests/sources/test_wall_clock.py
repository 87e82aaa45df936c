"""A mapping gives the same values on every night, whatever the machine's clock says."""

import pytest
from pyspark.sql import SparkSession

from insight.errors import DO_NOT_RETRY, SettingsError
from insight.local_frames import local_frame
from insight.sources.mapping import to_canonical
from tests.sources.feeds import DAY, KEY, feed_with

NO_ROWS = "at string, seen timestamp, source_file string, malformed string"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("to_timestamp(at)", "casts a text to a time"),
        ("timestamp(at)", "casts a text to a time"),
        ("cast(at AS timestamp)", "casts a text to a time"),
        ("to_date(at)", "casts a text to a time"),
        ("coalesce(try_cast(at AS timestamp), seen)", "casts a text to a time"),
        ("to_timestamp(at, 'HH:mm')", "without year, month and day"),
        ("to_timestamp(at, 'dd/MM HH:mm')", "without year, month and day"),
        ("timestamp_seconds(unix_timestamp(at, 'HH:mm'))", "without year, month and day"),
        ("coalesce(seen, now())", "reads the machine's clock"),
        ("current_date()", "reads the machine's clock"),
        ("current_date", "reads the machine's clock"),
        ("CURRENT_TIMESTAMP", "reads the machine's clock"),
        ("if(current_user = 'anna', seen, NULL)", "depends on who runs the night"),
        ("cast(split(at, ';') AS array<timestamp>)[0]", "casts a text to a time"),
        ("from_json(at, 't timestamp').t", "reads texts as times"),
        ("cast(from_csv(at, 't date').t AS timestamp)", "reads texts as times"),
        ("timestamp_seconds(unix_timestamp())", "reads the machine's clock"),
        ("seen + make_interval(0, 0, 0, 0, 0, 0, rand())", "is random"),
        ("CASE WHEN seen > '18:00' THEN seen END", "casts a text to a time"),
    ],
)
def test_a_mapping_that_another_night_computes_otherwise_is_refused(
    spark: SparkSession, sql: str, found: str
) -> None:
    feed = feed_with(columns={"at": "string", "seen": "timestamp"}, mapping={"event_at": sql})
    rows = local_frame(spark, [], NO_ROWS)
    with pytest.raises(SettingsError, match=found) as refused:
        to_canonical(rows, feed, source="shop", key=KEY, run_date=DAY)
    assert refused.value.exit_code == DO_NOT_RETRY
    assert "feed lines, event_at" in refused.value.subject


@pytest.mark.parametrize(
    "sql",
    [
        "to_timestamp(at, 'dd/MM/yyyy HH:mm')",
        "try_to_timestamp(at, 'd MMM yyyy h:mm a')",
        "to_timestamp(at, 'yyyyDDD')",
        "CASE WHEN seen > '2024-03-01' THEN seen END",
        "seen + INTERVAL 1 DAY",
        "timestamp(file_date)",
        "to_timestamp(from_json(at, 't string').t, 'dd/MM/yyyy HH:mm')",
    ],
)
def test_a_mapping_that_names_whole_dates_passes(spark: SparkSession, sql: str) -> None:
    feed = feed_with(columns={"at": "string", "seen": "timestamp"}, mapping={"event_at": sql})
    to_canonical(local_frame(spark, [], NO_ROWS), feed, source="shop", key=KEY, run_date=DAY)
