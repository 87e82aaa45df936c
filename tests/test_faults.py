"""What the engine throws becomes an error that names the file and the way out."""

import pytest
from delta.exceptions import ConcurrentAppendException, MetadataChangedException
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession

from insight.errors import (
    EmptyInputError,
    InsightError,
    RunConflictError,
    SourceFormatError,
    TableDamagedError,
)
from insight.faults import explain

SUBJECT = "table events where event_date = '2024-03-10'"


def _explained(error: Exception) -> InsightError | None:
    return explain(error, subject=SUBJECT, landing="file:/data/landing")


def test_our_own_errors_stay_as_they_are() -> None:
    error = EmptyInputError("landing", found="a", expected="b", next_step="c")
    assert _explained(error) is error


def test_what_we_do_not_know_is_not_explained_away() -> None:
    assert _explained(ZeroDivisionError("division by zero")) is None


@pytest.mark.parametrize("kind", [ConcurrentAppendException, MetadataChangedException])
def test_two_commits_at_once_are_a_conflict_that_may_be_retried(
    spark: SparkSession, kind: type[PySparkException]
) -> None:
    # Spark's errors read the session's settings to say what they are.
    error = _explained(kind("Files were added\nby another", stackTrace=""))
    assert isinstance(error, RunConflictError)
    assert (error.subject, error.exit_code) == (SUBJECT, 1)
    assert error.found == "another commit to the same rows (Files were added)"


@pytest.mark.parametrize(
    "file", ["file:/data/landing/shop/1.csv", "file:///data/landing/1.parquet"]
)
def test_a_damaged_landing_file_is_the_shops(file: str) -> None:
    error = _explained(AnalysisException(f"[FAILED_READ_FILE] Error while reading file {file}."))
    assert isinstance(error, SourceFormatError)
    assert error.subject == f"landing file {file}"
    assert error.exit_code == 2


@pytest.mark.parametrize(
    "file",
    [
        "file:/my shop [1] 100%/a?/landing/shop/1 (2).csv",
        "file:///my%20shop%20%5B1%5D%20100%25/a%3F/landing/shop/1.csv/part-0.csv.gz",
    ],
)
def test_a_landing_folder_of_any_name_is_recognised(file: str) -> None:
    text = f"[FAILED_READ_FILE] Error while reading file {file}. It is cut"
    landing = "file:/my shop [1] 100%/a?/landing"
    error = explain(AnalysisException(text), subject=SUBJECT, landing=landing)
    assert isinstance(error, SourceFormatError)
    assert error.subject == f"landing file {file}"


@pytest.mark.parametrize(
    "folder", ["/data/lake/events", "/data/landing_of_another/lake", "/data/my lake (2)/events"]
)
def test_a_damaged_file_of_the_lake_is_ours_and_is_named(folder: str) -> None:
    file = f"file:{folder}/part-0.parquet"
    error = _explained(AnalysisException(f"ChecksumException: Checksum error: {file} at 0"))
    assert isinstance(error, TableDamagedError)
    assert error.subject == SUBJECT
    assert file in error.found
    assert "RESTORE TABLE" in error.next_step


def test_the_cause_is_looked_for_through_the_whole_chain() -> None:
    error = RuntimeError("Job aborted")
    error.__cause__ = ValueError("file:/data/lake/x.parquet is not a Parquet file")
    found = _explained(error)
    assert isinstance(found, TableDamagedError)
    assert "file:/data/lake/x.parquet" in found.found


def test_a_damaged_checkpoint_of_a_whole_log_moves_no_table() -> None:
    file = "file:/data/lake/events/_delta_log/00000000000000000010.checkpoint.parquet"
    error = explain(AnalysisException(f"{file} is not a Parquet file"), subject="s", landing=None)
    assert isinstance(error, TableDamagedError)
    assert file in error.found
    assert "_last_checkpoint out of it" in error.next_step
    assert "table's folder away" not in error.next_step
    assert error.exit_code == 2
