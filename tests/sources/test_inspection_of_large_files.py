"""Files are read through in pieces: a night's memory does not depend on their size."""

import gzip
import hashlib
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from insight.sources.inspection import blocks_of, hash_files, inspect_files
from insight.sources.layouts import layout_of, look_into
from insight.sources.opening import CHUNK_BYTES, LinesOfRange, open_file, size_and_hash
from tests.sources.feeds import feed_with

SIZE = 24 * CHUNK_BYTES
FEW = 8 * CHUNK_BYTES
HEADER = {"header": "true"}


@contextmanager
def _at_most(limit: int) -> Iterator[None]:
    """Neither Python nor Arrow holds more than this at once."""
    pool = pa.proxy_memory_pool(pa.default_memory_pool())
    usual = pa.default_memory_pool()
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
        assert pool.max_memory() < limit
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(usual)


def test_the_hash_is_of_all_bytes_however_they_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "a file"
    path.write_bytes(bytes(range(256)) * 5)
    expected = (1280, hashlib.sha256(path.read_bytes()).hexdigest())
    assert size_and_hash(f"file:{path}", chunk_bytes=7) == expected
    assert size_and_hash(f"file://{path}") == expected


@pytest.mark.parametrize(
    ("form", "line"),
    [("csv", b"7,a name of some length\n"), ("json", b'{"item": "%s"}\n' % (b"x" * 4000))],
    ids=["csv", "json"],
)
def test_a_large_text_file_is_never_held(
    spark: SparkSession, tmp_path: Path, form: str, line: bytes
) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"item,name\n" * (form == "csv") + line * (SIZE // len(line) + 1))
    layout = layout_of(feed_with(format=form, options=HEADER if form == "csv" else {}))
    with _at_most(FEW):
        size, _ = size_and_hash(f"file:{path}")
        with open_file(f"file:{path}") as stream:
            content = look_into(stream, f"file:{path}", layout)
    assert size > SIZE
    assert not content.is_empty


LINES = b'{"item": "A"}\n\n{"item": "B", "\xc3\xa9": 1}\r\n{"item": "C"}\n{"price": 2}'


@given(
    text=st.lists(st.sampled_from([b"a", b"\n", b"bcd", b"\r\n"])).map(b"".join),
    size=st.integers(1, 9),
)
def test_ranges_give_each_line_once(text: bytes, size: int) -> None:
    blocks = blocks_of(len(text), size)
    parts = [LinesOfRange(pa.BufferReader(text), block.begin, block.end).read() for block in blocks]
    assert b"".join(parts) == text
    assert [block.end for block in blocks][:-1] == [block.begin for block in blocks][1:]
    # A line is never cut in two.
    assert all(part.endswith(b"\n") for part in parts[:-1] if part and part != text[-len(part) :])


def test_blocks_of_a_file_tell_what_the_whole_file_does(
    spark: SparkSession, tmp_path: Path
) -> None:
    feed = feed_with(columns={"item": "string"})
    for name, content in {"whole": LINES, "cut": LINES[:-1], "blank": b"\n \n\n"}.items():
        (tmp_path / name).write_bytes(content)
    files = [f"file:{tmp_path}/{name}" for name in ("blank", "cut", "whole")]
    pieces = inspect_files(spark, files, feed, block_bytes=7)
    for facts, one in zip(pieces, inspect_files(spark, files, feed), strict=True):
        content = Path(facts.file.removeprefix("file:")).read_bytes()
        blocks = [content[at : at + 7] for at in range(0, len(content), 7)]
        digests = b"".join(hashlib.sha256(block).digest() for block in blocks)
        composite = f"{hashlib.sha256(digests).hexdigest()}-{len(blocks)}"
        expected = one.content_hash if len(blocks) == 1 else composite
        # Of a damaged file nothing but the damage is known.
        seen = facts if one.problem is None else replace(facts, columns={}, is_empty=True)
        assert seen == replace(one, content_hash=expected)
    blank, cut, whole = pieces
    assert blank.is_empty
    assert "no JSON object" in str(cut.problem)
    assert (whole.problem, set(whole.columns)) == (None, {"item", "price", "\u00e9"})
    assert hash_files(spark, files, block_bytes=7) == {f.file: f.content_hash for f in pieces}


def test_blocks_of_other_formats_tell_what_the_whole_file_does(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = pa.table({"item": [f"item {number}" for number in range(100)]})
    pq.write_table(table, tmp_path / "1.parquet", row_group_size=10)
    (tmp_path / "1.csv").write_text("item,note\nA,x\n" + "B,y\n" * 100)
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress((tmp_path / "1.csv").read_bytes()))
    for name, form in (("1.parquet", "parquet"), ("1.csv", "csv"), ("1.csv.gz", "csv")):
        feed = feed_with(format=form, options=HEADER if form == "csv" else {})
        file = f"file:{tmp_path}/{name}"
        (whole,) = inspect_files(spark, [file], feed)
        (pieces,) = inspect_files(spark, [file], feed, block_bytes=20)
        assert pieces == replace(whole, content_hash=pieces.content_hash)
        assert int(pieces.content_hash.partition("-")[2]) == -(-whole.file_bytes // 20)
        assert whole.problem is None
        assert not whole.is_empty


def test_a_text_file_of_nothing_but_blanks_is_read_to_its_end(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "blank"
    path.write_bytes(b"item\n" + b" \n" * (2 * CHUNK_BYTES))
    layout = layout_of(feed_with(format="csv", options=HEADER))
    with open_file(f"file:{path}") as stream:
        assert look_into(stream, f"file:{path}", layout).is_empty


def test_a_line_without_an_end_is_no_row(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insight.sources.contents._LONGEST_LINE", 1000)
    path = tmp_path / "endless"
    path.write_bytes(b'{"item": "' + b"x" * 2000)
    with open_file(f"file:{path}") as stream, pytest.raises(ValueError, match="a line of more"):
        look_into(stream, f"file:{path}", layout_of(feed_with()))


def test_a_row_group_is_decoded_in_pieces_and_every_page_of_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "large.parquet"
    numbers = np.random.default_rng(1).integers(0, 1 << 60, SIZE // 8)
    pq.write_table(pa.table({"item": numbers}), path, row_group_size=len(numbers))
    feed = feed_with(format="parquet", columns={"item": "bigint"})
    layout = layout_of(feed)
    for limit in (SIZE * 8, FEW):  # Once to load what is loaded at first use, once to measure.
        with _at_most(limit), open_file(f"file:{path}") as stream:
            assert not look_into(stream, f"file:{path}", layout).is_empty
    # The last page's header: the footer still says that all is well.
    damaged = bytearray(path.read_bytes())
    chunk = pq.read_metadata(path).row_group(0).column(0)
    damaged[chunk.data_page_offset : chunk.data_page_offset + 40] = b"\xff" * 40
    path.write_bytes(damaged)
    (facts,) = inspect_files(spark, [f"file:{path}"], feed)
    assert facts.problem is not None and facts.file.endswith("large.parquet")
