"""What is in a file, by its format: its columns, and whether it has rows.

Runs in the executors. A file of any size is read through in pieces, never held.
"""

import codecs
import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql.types import StructType

from insight.sources.columns import arrow_paths_of, declared_schema, json_paths, named
from insight.sources.declaration import Feed
from insight.sources.opening import CHUNK_BYTES, LinesOfRange, read_to_the_end, unpacked

_LONGEST_LINE = 1 << 26
"""Letters; a longer line is no row, and would fill the memory."""

MOST_COLUMNS = 10_000
"""Keys of JSON rows that differ from row to row are data, not columns."""

_ROWS_AT_ONCE = 16_384

_READ_BY_SPARK = {"UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD", "LZ4"}


@dataclass(frozen=True)
class Layout:
    """How a feed's files are written.

    Args:
        format: csv, json or parquet.
        has_header: Whether a CSV file's first line names its columns.
        separator: Between a CSV line's values.
        quote: Around a CSV value; empty for none.
        escape: Before a quote within a quoted CSV value.
        multi_line: Whether a CSV value may hold line breaks.
        encoding: Of text, as Python names it.
        schema: The declared columns, as Spark's JSON.
    """

    format: str
    has_header: bool
    separator: str
    quote: str
    escape: str
    multi_line: bool
    encoding: str
    schema: str


@dataclass(frozen=True)
class Content:
    """What a file, or a block of it, holds.

    Args:
        columns: Paths to types; the type is empty where the format has none.
        is_empty: Whether it has no rows.
        torn_end: Why its last line is no row; None if it is one.
    """

    columns: dict[str, str]
    is_empty: bool
    torn_end: str | None = None


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
    encoding = feed.options.get("encoding", "utf-8").lower()
    return Layout(
        format=feed.format,
        has_header=feed.has_header,
        separator=feed.options.get("sep", ","),
        quote=feed.options.get("quote", '"'),
        escape=feed.options.get("escape", "\\"),
        multi_line=feed.options.get("multiLine", "false").lower() == "true",
        # A mark at the beginning is none of the first column's name.
        encoding="utf-8-sig" if encoding in ("utf-8", "utf8") else encoding,
        schema=declared_schema(feed).json(),
    )


def look_into(stream: pa.NativeFile, url: str, layout: Layout) -> Content:
    """Read a file through.

    Raises:
        ValueError: It is not of this layout, or Spark could not read it.
        OSError: It is cut or damaged.
    """
    if layout.format == "parquet":
        return _parquet(stream)
    plain = unpacked(stream, url)
    text = io.TextIOWrapper(plain, layout.encoding, errors="replace", newline="")
    content = _json(text, layout) if layout.format == "json" else _csv(text, layout)
    if content.torn_end:
        raise ValueError(content.torn_end)
    if url.endswith((".gz", ".bz2")):
        read_to_the_end(plain)
    return content


def look_into_range(stream: pa.NativeFile, url: str, layout: Layout, block: Range) -> Content:
    """Read what begins in one range of a large file: lines of JSON, row groups of Parquet.

    Of CSV only the beginning is looked into, and a compressed file has no ranges: the first range
    stands for all of such a file.

    Raises:
        ValueError: As ``look_into``.
        OSError: As ``look_into``.
    """
    if layout.format == "parquet":
        return _parquet(stream, block)
    if layout.format == "json" and _has_ranges(url, layout):
        lines = io.BufferedReader(LinesOfRange(stream, block.begin, block.end), CHUNK_BYTES)
        text = io.TextIOWrapper(lines, layout.encoding, errors="replace", newline="")
        return _json(text, layout)
    return look_into(stream, url, layout) if block.begin == 0 else Content({}, is_empty=True)


def _has_ranges(url: str, layout: Layout) -> bool:
    """Whether a file's bytes show where its lines begin."""
    is_packed = url.endswith((".gz", ".bz2"))
    return not is_packed and "\n".encode(layout.encoding).removeprefix(codecs.BOM_UTF8) == b"\n"


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
    return Content(dict(arrow_paths_of(iter(file.schema_arrow))), file.metadata.num_rows == 0)


def _begin(file: pq.ParquetFile, group: int) -> int:
    """Offset of a row group's first page."""
    first = file.metadata.row_group(group).column(0)
    pages = (first.dictionary_page_offset, first.data_page_offset)
    return min(int(offset) for offset in pages if offset)


def _codec(file: pq.ParquetFile, group: int, column: int) -> str:
    return str(file.metadata.row_group(group).column(column).compression)


def _width(file: pq.ParquetFile) -> int:
    return int(file.metadata.num_columns)


def _csv(text: io.TextIOWrapper, layout: Layout) -> Content:
    quoting: dict[str, Any] = {"quotechar": layout.quote}
    if not layout.quote:
        quoting = {"quoting": csv.QUOTE_NONE}
    lines = csv.reader(_lines(text), delimiter=layout.separator, **quoting)
    # Spark passes over blank lines, before the header too.
    first = next((line for line in lines if any(value.strip() for value in line)), None)
    if layout.has_header:
        names = [named(name, place) for place, name in enumerate(first or [], 1)]
        if len(set(names)) < len(names):
            # The line may be a row of data: positions, not what stands there.
            places = [place for place, name in enumerate(names, 1) if names.count(name) > 1]
            raise ValueError(f"a column twice in the header, at positions {places[:10]}")
        return Content(dict.fromkeys(names, ""), _only_blanks(text))
    declared = StructType.fromJson(json.loads(layout.schema)).names
    if first and len(first) != len(declared):
        raise ValueError(f"{len(first)} fields in the first line, not {len(declared)}")
    return Content(dict.fromkeys(declared, ""), is_empty=first is None)


def _json(text: io.TextIOWrapper, layout: Layout) -> Content:
    """Keys of all rows; a line that is no object is Spark's to report, but for the file's last."""
    schema = StructType.fromJson(json.loads(layout.schema))
    columns: dict[str, str] = {}
    is_empty, cut = True, None
    for line in _lines(text):
        if not line.strip():
            continue
        is_empty = False
        try:
            columns |= dict.fromkeys(json_paths(json.loads(line), schema), "")
            cut = None
        except (ValueError, RecursionError) as error:
            cut = error
        if len(columns) > MOST_COLUMNS:
            raise ValueError(f"more than {MOST_COLUMNS:,} different keys")
    torn = None
    if cut:
        # The reason may quote a letter of the line; its class and place say enough.
        place = f" at character {cut.pos + 1}" if isinstance(cut, json.JSONDecodeError) else ""
        torn = f"its last line is no JSON object: {type(cut).__name__}{place}"
    return Content(columns, is_empty, torn)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    for line in iter(partial(text.readline, _LONGEST_LINE), ""):
        if len(line) == _LONGEST_LINE:
            raise ValueError(f"a line of more than {_LONGEST_LINE:,} letters")
        yield line


def _only_blanks(text: io.TextIOWrapper) -> bool:
    rest: Iterable[str] = iter(partial(text.read, CHUNK_BYTES), "")
    return not any(piece.strip() for piece in rest)
