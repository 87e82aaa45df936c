"""Compressed files are read where Spark can read them, and refused by name where it cannot."""

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.sources.options import ReaderOptions
from tests.sources.feeds import facts_of, feed_with, rows_of

CSV = feed_with(
    format="csv",
    options={"header": "true", "multiLine": "true", "escape": '"'},
    columns={"item": "string", "note": "string"},
)
TEXT = b'item,note\nA,"two\nlines"\nB,"a ""word"""\n'


def _arrow(codec: str) -> Callable[[bytes], bytes]:
    return lambda content: pa.Codec(codec).compress(content, asbytes=True)


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("1.csv", bytes),
        ("1.csv.gz", gzip.compress),
        ("1.csv.gz", lambda text: gzip.compress(text[:20]) + gzip.compress(text[20:])),
        ("1.csv.bz2", bz2.compress),
    ],
    ids=["plain", "gzip", "gzip in two parts", "bzip2"],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "with a byte order mark"])
def test_a_file_is_inspected_and_read_alike_however_it_is_packed(
    spark: SparkSession, tmp_path: Path, name: str, pack: Callable[[bytes], bytes], mark: bytes
) -> None:
    path = _file(tmp_path, name, pack(mark + TEXT))
    facts = facts_of(spark, path, CSV)
    assert (facts.problem, list(facts.columns)) == (None, ["item", "note"])
    rows = rows_of(spark, path, CSV).collect()
    assert [(row["item"], row["note"], row["malformed"]) for row in rows] == [
        ("A", "two\nlines", None),
        ("B", 'a "word"', None),
    ]


@pytest.mark.parametrize("multi_line", ["true", "false"])
def test_a_byte_order_mark_is_no_part_of_a_first_value(
    spark: SparkSession, tmp_path: Path, multi_line: str
) -> None:
    feed = CSV.model_copy(update={"options": ReaderOptions(multiLine=multi_line)})
    path = _file(tmp_path, "1.csv", b"\xef\xbb\xbfA,x\nB,y\n")
    assert [row["item"] for row in rows_of(spark, path, feed).collect()] == ["A", "B"]
    lines = _file(tmp_path, "1.json", b'\xef\xbb\xbf{"item": "A"}\n')
    assert [row["item"] for row in rows_of(spark, lines, feed_with()).collect()] == ["A"]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("1.csv.zst", _arrow("zstd"), "zstandard compression, which Spark cannot read here"),
        ("1.csv.zst", bytes, "a name that ends in .zst, which Spark cannot read here"),
        ("1.csv.lz4", _arrow("lz4"), "lz4 compression, which Spark cannot read here"),
        ("1.csv", _arrow("zstd"), "zstandard compression, which Spark cannot read here"),
        ("1.csv", gzip.compress, "gzip content under a name that says plain"),
        ("1.csv.gz", bytes, "plain content under a name that says gzip"),
        ("1.csv.gz", lambda text: gzip.compress(text)[:-9], "EOFError"),
        ("1.csv.bz2", lambda text: bz2.compress(text)[:-9], "EOFError"),
    ],
)
def test_what_spark_would_misread_is_refused_in_plain_words(
    spark: SparkSession, tmp_path: Path, name: str, content: Callable[[bytes], bytes], problem: str
) -> None:
    facts = facts_of(spark, _file(tmp_path, name, content(TEXT)), CSV)
    assert problem in str(facts.problem)


def test_a_flipped_bit_in_a_packed_file_is_found(spark: SparkSession, tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 1
    facts = facts_of(spark, _file(tmp_path, "1.csv.gz", bytes(packed)), CSV)
    assert "CRC check failed" in str(facts.problem)


@pytest.mark.parametrize(
    ("codec", "is_read"), [("zstd", True), ("gzip", True), ("lz4", True), ("brotli", False)]
)
def test_parquet_pages_are_read_or_refused_by_their_codec(
    spark: SparkSession, tmp_path: Path, codec: str, is_read: bool
) -> None:
    feed = feed_with(format="parquet")
    path = tmp_path / "1.parquet"
    pq.write_table(pa.table({"item": ["A"]}), path, compression=codec)
    if not is_read:
        assert "BROTLI compression" in str(facts_of(spark, path, feed).problem)
        return
    assert [row["item"] for row in rows_of(spark, path, feed).collect()] == ["A"]
