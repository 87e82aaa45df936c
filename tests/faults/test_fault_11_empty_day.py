"""Row 11: an empty input day."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import EmptyInputError
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    EVENTS,
    ITEM_DAILY,
    RAW_EVENTS,
    SESSIONS,
)
from tests.small_lake import invoice, land_invoices, open_night, run_night, written_to_lake

FRIDAY, SATURDAY = "2010-12-03", "2010-12-04"


def test_fault_11_an_empty_day_is_refused_and_nothing_is_written(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "landing" / "online_retail").mkdir(parents=True)
    with pytest.raises(EmptyInputError, match=SATURDAY) as refused:
        run_night(spark, tmp_path, SATURDAY)
    assert "allow_empty_day" in refused.value.next_step
    assert refused.value.exit_code == 2
    assert written_to_lake(tmp_path) == []


def test_fault_11_an_allowed_empty_day_leaves_no_stale_rows_and_ages_the_features(
    spark: SparkSession, tmp_path: Path
) -> None:
    land_invoices(tmp_path, FRIDAY, [invoice(FRIDAY)])
    run_night(spark, tmp_path, FRIDAY)
    # What was delivered for Saturday was a mistake: it comes again, empty.
    land_invoices(tmp_path, SATURDAY, [invoice(SATURDAY, number=2)])
    run_night(spark, tmp_path, SATURDAY)
    land_invoices(tmp_path, SATURDAY, [])
    taken = {"ingest__allow_empty_day": True, "ingest__accept_changed_files": True}
    run_night(spark, tmp_path, SATURDAY, **taken)
    lake = open_night(spark, tmp_path, SATURDAY).lake
    for table in (RAW_EVENTS, EVENTS, SESSIONS, CUSTOMER_DAILY, ITEM_DAILY):
        assert lake.read(table).count() == 1, f"{table.name} keeps stale rows"
    features = lake.read(CUSTOMER_FEATURES).orderBy("feature_date").collect()
    assert [row["days_since_last_order"] for row in features] == [0, 1]
