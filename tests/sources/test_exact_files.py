"""Spark reads exactly the files that were inspected, and rows of each that has some."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import DO_NOT_RETRY, SourceFormatError
from insight.sources.inspection import inspect_files
from insight.sources.reading import read_rows, refuse_retyped_columns
from insight.sources.spark_files import refuse_other_files
from tests.sources.feeds import feed_with

CSV = feed_with(format="csv", options={"header": True})


def test_a_file_without_rows_read_or_beside_the_plan_stops(
    spark: SparkSession, tmp_path: Path
) -> None:
    names = ("2024-03-01[12].csv", "2024-03-011.csv", "2024-03-012.csv", "_2024.csv")
    for name in names:
        (tmp_path / name).write_text("item\nA\n")
    files = [f"file:{tmp_path / name}" for name in names]
    odd, first, second, hidden = inspect_files(spark, files, CSV)
    rows = read_rows(spark, CSV, [odd, first])
    refuse_other_files(rows, [odd.file, first.file])
    refuse_retyped_columns(rows, CSV, max_share=0, files=[odd, first])
    refuse_retyped_columns(rows, CSV, max_share=0, files=[odd, replace(second, is_empty=True)])
    with pytest.raises(SourceFormatError, match="0 rows read of a file that is not empty") as empty:
        refuse_retyped_columns(rows, CSV, max_share=0, files=[odd, second])
    assert empty.value.subject == f"landing file {second.file}"
    assert empty.value.exit_code == DO_NOT_RETRY
    with pytest.raises(SourceFormatError, match="would read 2 of 1"):
        refuse_other_files(rows, [odd.file])
    # Spark passes over such a name.
    with pytest.raises(SourceFormatError, match="would read 1 of 2"):
        read_rows(spark, CSV, [odd, hidden])
