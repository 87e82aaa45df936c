"""A large CSV file is read in ranges if each of its lines is a row of its own."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from insight.sources.inspection import blocks_of, inspect_files
from insight.sources.layouts import Layout
from insight.sources.linewise import is_linewise
from insight.sources.options import ReaderOptions
from insight.sources.reading import read_rows
from tests.sources.feeds import feed_with

OPTIONS = {"header": "true", "multiLine": "true", "escape": '"'}
CSV = feed_with(format="csv", options=OPTIONS, columns={"item": "string", "note": "string"})


LAYOUT = Layout("csv", ReaderOptions(header=True, multiLine=True, escape='"'), schema="")


def _is_linewise(content: bytes, size: int = 4, escape: str = '"') -> bool:
    stream = pa.BufferReader(content)
    options = LAYOUT.options.model_copy(update={"escape": escape})
    return all(
        is_linewise(stream, replace(LAYOUT, options=options), block)
        for block in blocks_of(len(content), size)
    )


@pytest.mark.parametrize(
    "content",
    [
        b"item,note\nA,x\nB,\n",
        b'\xef\xbb\xbf"item",note\r\n"A, or B","6"" pipe"\r\n"",""\r\n\n',
        "Cr\u00e8me,br\u00fbl\u00e9e".encode(),
    ],
    ids=["bare", "quoted", "not ASCII"],
)
def test_a_line_with_whole_values_is_a_row(content: bytes) -> None:
    assert _is_linewise(content)


@pytest.mark.parametrize(
    "content",
    [
        b'A,"two\nlines"\n',
        b'A,"\n\n",x\n',
        b'A,6" pipe,"x\ny"\n',
        b'A,6" pipe\n',
        b'A, "x"\n',
        b"A,x\rB,y\n",
        b"A,x\n  \n",
        b'"A"x,y\n',
        b'"A""\n',
    ],
)
def test_a_line_that_a_parser_may_take_for_part_of_a_row_is_doubtful(content: bytes) -> None:
    assert not _is_linewise(content)


def test_with_another_escape_quotes_beside_it_and_doubled_quotes_are_doubtful() -> None:
    assert _is_linewise(b'C:\\x,"y"\n'.replace(b"\\", b"/"), escape="\\")
    assert _is_linewise(b'C:\\x,y\n"z",""\n', escape="\\")
    assert not _is_linewise(b'"a\\"b",x\n', escape="\\")
    assert not _is_linewise(b'"x"",",y\n', escape="\\")


VALUE = st.text(alphabet='ab," \n\r', max_size=4)


@given(st.lists(st.lists(VALUE, min_size=2, max_size=3), min_size=1, max_size=4))
def test_what_is_linewise_has_a_row_for_each_line(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    if _is_linewise(content):
        together = csv.reader(io.StringIO(content.decode(), newline=""))
        assert list(together) == [
            next(csv.reader([line]), []) for line in content.decode().split("\n")[:-1]
        ]


def test_a_large_file_of_whole_lines_is_read_in_ranges_and_gives_the_same_rows(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [f'{number},"a, ""b"" {number}"' for number in range(200)]
    (tmp_path / "1.csv").write_text("\n".join(["item,note", *lines]) + "\n")
    (tmp_path / "2.csv").write_text('item,note\nA,"two\nlines"\n' + "B,x\n" * 500)
    files = [f"file:{tmp_path}/{name}" for name in ("1.csv", "2.csv")]
    whole = inspect_files(spark, files, CSV)
    large = inspect_files(spark, files, CSV, block_bytes=1000)
    assert [facts.is_linewise for facts in (*whole, *large)] == [False, False, True, False]
    usual = spark.conf.get("spark.sql.files.maxPartitionBytes")
    spark.conf.set("spark.sql.files.maxPartitionBytes", "1000")
    try:
        for one, other, in_ranges in zip(whole, large, (True, False), strict=True):
            expected = read_rows(spark, CSV, [one]).collect()
            rows = read_rows(spark, CSV, [other])
            assert sorted(rows.collect()) == sorted(expected)
            assert (rows.rdd.getNumPartitions() > 1) == in_ranges
    finally:
        spark.conf.set("spark.sql.files.maxPartitionBytes", str(usual))
