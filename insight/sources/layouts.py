"""What is in a file, by its format: its columns, and whether it has rows.

Runs in the executors. A file of any size is read through in pieces, never held.
"""

import io
import json
from dataclasses import dataclass
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.types import StructType

from insight.sources.column_names import equal_but_for_case
from insight.sources.columns import arrow_paths_of, declared_schema
from insight.sources.contents import (
    Content,
    Unreadable,
    csv_content,
    json_content,
    refuse_other_encoding,
    text_of,
)
from insight.sources.declaration import Feed
from insight.sources.encodings import HEAD_BYTES, WIDE
from insight.sources.opening import CHUNK_BYTES, LinesOfRange, packing_of, read_to_the_end, unpacked
from insight.sources.options import Format, ReaderOptions

_ROWS_AT_ONCE = 16_384

_READ_BY_SPARK = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4"}


@dataclass(frozen=True)
class Layout:
    """How a feed's files are written.

    Args:
        format: csv, json or parquet.
        options: How a text is written: the very object that Spark's reader is given.
        schema: The declared columns, as Spark's JSON.
    """

    format: Format
    options: ReaderOptions
    schema: str


@dataclass(frozen=True)
class Range:
    """Bytes of a large file that one task looks into.

    Args:
        begin: Offset of the first byte.
        end: Offset after the last byte.
    """

    begin: int
    end: int


def layout_of(feed: Feed) -> Layout:
    """The part of a declaration that says how to look into a file."""
    return Layout(feed.format, feed.options, declared_schema(feed).json())


def look_into(stream: pa.NativeFile, url: str, layout: Layout) -> Content:
    """Read a file through.

    Raises:
        ValueError: It is not of this layout, or Spark could not read it.
        OSError: It is cut or damaged.
    """
    if layout.format == "parquet":
        return _parquet(stream)
    plain = unpacked(stream, url)
    head = cast(Any, plain).peek(HEAD_BYTES)
    refuse_other_encoding(head, layout.options.encoding, layout.format)
    content = _text(plain, layout)
    if content.torn_end:
        raise ValueError(content.torn_end)
    if url.endswith((".gz", ".bz2")):
        read_to_the_end(plain)
    return content


def look_into_range(stream: pa.NativeFile, url: str, layout: Layout, block: Range) -> Content:
    """Read what begins in one range of a large file: lines of text, row groups of Parquet.

    A compressed file has no ranges, nor has one in UTF-16: the first range stands for all of it.

    Raises:
        ValueError: As ``look_into``.
        OSError: As ``look_into``.
    """
    if layout.format == "parquet":
        return _parquet(stream, block)
    if url.endswith((".gz", ".bz2")) or layout.options.encoding in WIDE:
        is_first = block.begin == 0
        return look_into(stream, url, layout) if is_first else Content({}, is_empty=True)
    if block.begin == 0:
        packing_of(stream, url)
        head = stream.read(HEAD_BYTES)
        refuse_other_encoding(head, layout.options.encoding, layout.format)
    lines = LinesOfRange(stream, block.begin, block.end)
    return _text(io.BufferedReader(lines, CHUNK_BYTES), layout, is_first=block.begin == 0)


def _text(stream: Any, layout: Layout, *, is_first: bool = True) -> Content:
    text = text_of(stream, layout.options.encoding)
    schema = StructType.fromJson(json.loads(layout.schema))
    try:
        if layout.format == "json":
            return json_content(text, schema, layout.options.encoding)
        return csv_content(text, layout.options, schema.names, is_first=is_first)
    finally:
        # Forgotten, it would close the stream.
        text.detach()


def _parquet(stream: pa.NativeFile, block: Range | None = None) -> Content:
    # Of 96 bits Spark makes a timestamp by itself, of nanoseconds in 64 it does not.
    file = pq.ParquetFile(stream, buffer_size=CHUNK_BYTES, coerce_int96_timestamp_unit="us")
    groups = [
        group
        for group in range(file.num_row_groups)
        if block is None or block.begin <= _begin(file, group) < block.end
    ]
    packed = {_codec(file, group, column) for group in groups for column in range(_width(file))}
    if packed - _READ_BY_SPARK:
        codecs = ", ".join(sorted(packed - _READ_BY_SPARK))
        raise ValueError(f"{codecs} compression, which Spark cannot read here; write it as ZSTD")
    # Every page, not only the footer: a cut or broken one shows here, before any write.
    for group in groups:
        for _ in file.iter_batches(_ROWS_AT_ONCE, row_groups=[group], use_threads=False):
            pass
    paths = dict(arrow_paths_of(iter(file.schema_arrow)))
    same = [list(paths).index(path) + 1 for path in equal_but_for_case(paths)]
    if same:
        raise Unreadable(
            f"columns that differ in case alone, at positions {same[:10]}",
            "have one renamed or left out: Spark takes them for one column",
        )
    return Content(paths, file.metadata.num_rows == 0)


def _begin(file: pq.ParquetFile, group: int) -> int:
    """Offset of a row group's first page."""
    first = file.metadata.row_group(group).column(0)
    pages = (first.dictionary_page_offset, first.data_page_offset)
    return min(int(offset) for offset in pages if offset)


def _codec(file: pq.ParquetFile, group: int, column: int) -> str:
    return str(file.metadata.row_group(group).column(column).compression)


def _width(file: pq.ParquetFile) -> int:
    return int(file.metadata.num_columns)
