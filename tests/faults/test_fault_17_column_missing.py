"""Rows 16 and 17: a column is new, missing or renamed."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.tables import EVENTS
from tests.small_lake import HEADER, invoice, land_invoices, open_night, run_night, written_to_lake

DAY = "2010-12-01"


def test_fault_17_a_missing_column_is_named_before_any_write(
    spark: SparkSession, tmp_path: Path
) -> None:
    without = invoice(DAY).rsplit(",", 2)
    land_invoices(
        tmp_path, DAY, [f"{without[0]},{without[2]}"], header=HEADER.replace("CustomerID,", "")
    )
    with pytest.raises(SourceFormatError, match="no column CustomerID") as refused:
        run_night(spark, tmp_path, DAY)
    assert f"{DAY}.csv" in refused.value.subject
    assert refused.value.exit_code == 2
    assert written_to_lake(tmp_path) == []


def test_fault_17_a_renamed_column_is_named_with_its_new_name(
    spark: SparkSession, tmp_path: Path
) -> None:
    header = HEADER.replace("UnitPrice", "Price")
    land_invoices(tmp_path, DAY, [invoice(DAY)], header=header)
    with pytest.raises(SourceFormatError, match="no column UnitPrice; a new column Price"):
        run_night(spark, tmp_path, DAY)


def test_fault_16_a_new_column_is_refused_unless_the_settings_allow_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY) + ",web"], header=HEADER + ",Channel")
    with pytest.raises(SourceFormatError, match="a new column Channel"):
        run_night(spark, tmp_path, DAY)
    run_night(spark, tmp_path, DAY, ingest__evolve_columns=True)
    events = open_night(spark, tmp_path, DAY).lake.read(EVENTS).collect()
    assert [(row["item_id"], row["country"]) for row in events] == [("A", "United Kingdom")]
