"""New landing files are looked into before a row of them is trusted."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.sources.declaration import Feed
from insight.sources.inspection import FileFacts, check_columns, inspect_files
from insight.sources.options import ReaderOptions


def _feed(form: str, **columns: str) -> Feed:
    return Feed(
        feed="lines",
        target="raw_events",
        files="*",
        date_from_name="(.*)",
        format=form,  # type: ignore[arg-type]
        options={"header": "true"} if form == "csv" else {},
        columns=columns,
        mapping={},
    )


def _facts(**columns: str) -> FileFacts:
    return FileFacts("file:/shop/1.csv", 1, "0", columns, is_empty=False, problem=None)


def test_a_file_is_known_by_size_hash_and_columns(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes(b"\xef\xbb\xbfa,b\n1,\xff\n")
    (tmp_path / "2.csv").write_text("a,b\n\n")
    (tmp_path / "3.csv").write_text("a,a\n1,2\n")
    (tmp_path / "4.csv").write_text("")
    files = [f"file:{path}" for path in tmp_path.iterdir()]
    first, second, third, fourth = inspect_files(spark, files, _feed("csv", a="int"))
    assert first.file == f"file:{tmp_path}/1.csv"
    assert (first.file_bytes, first.is_empty, first.problem) == (11, False, None)
    # sha256sum of those eleven bytes.
    assert first.content_hash.startswith("021c5314")
    assert first.columns == second.columns == {"a": "", "b": ""}
    assert second.is_empty
    assert "a column twice" in str(third.problem)
    assert fourth.problem == "a file of no bytes"


def test_json_lines_have_the_columns_of_any_line(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('{"a": 1}\n\n{"a": null, "b": "x"}\n')
    (tmp_path / "2.json").write_text('{"a": 1}\n{"a": ')
    files = [f"file:{path}" for path in tmp_path.iterdir()]
    whole, cut = inspect_files(spark, files, _feed("json", a="int"))
    assert whole.columns == {"a": "", "b": ""}
    assert "JSONDecodeError" in str(cut.problem)


def test_parquet_columns_have_their_types_also_those_spark_does_not_know(
    spark: SparkSession, tmp_path: Path
) -> None:
    arrays = {
        "whole": pa.array([1], pa.int64()),
        "small": pa.array([1], pa.int32()),
        "at": pa.array([0], pa.timestamp("us", tz="UTC")),
        "fine_at": pa.array([0], pa.timestamp("ns", tz="UTC")),
        "unsigned": pa.array([1], pa.uint64()),
    }
    pq.write_table(pa.table(arrays), tmp_path / "1.parquet")
    (facts,) = inspect_files(spark, [f"file:{tmp_path}/1.parquet"], _feed("parquet"))
    assert facts.problem is None
    assert facts.columns == {
        "whole": "bigint",
        "small": "int",
        "at": "timestamp",
        "fine_at": "timestamp[ns, tz=UTC]",
        "unsigned": "uint64",
    }


def test_what_is_missing_retyped_and_new_is_said_at_once() -> None:
    feed = _feed("parquet", id="bigint", price="double", at="timestamp")
    with pytest.raises(SourceFormatError) as refused:
        check_columns(_facts(id="string", at="timestamp", tax="double"), feed, allow_new=False)
    assert refused.value.found == "no column price; id is string, not bigint; a new column tax"
    assert refused.value.expected == "the columns id, price, at"
    assert "evolve_columns" in refused.value.next_step


def test_a_new_column_alone_passes_where_the_settings_allow_it() -> None:
    feed = _feed("csv", id="bigint")
    check_columns(_facts(id="", tax=""), feed, allow_new=True)
    with pytest.raises(SourceFormatError, match="a new column tax"):
        check_columns(_facts(id="", tax=""), feed, allow_new=False)


def test_a_file_without_a_header_has_the_declared_columns_or_is_refused(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "1.csv").write_text("7,x\n")
    (tmp_path / "2.csv").write_text("7\n")
    files = [f"file:{path}" for path in tmp_path.iterdir()]
    feed = _feed("csv", item="string", shelf="string")
    feed = feed.model_copy(update={"options": ReaderOptions()})
    whole, torn = inspect_files(spark, files, feed)
    assert (whole.columns, whole.is_empty) == ({"item": "", "shelf": ""}, False)
    assert torn.problem == "1 fields in the first line, not 2"
