"""What is in a text file: the columns its rows have, and whether its bytes are valid text."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from operator import add
from typing import Any

from pyspark.sql.types import StructType

from insight.sources.columns import json_paths, named
from insight.sources.encodings import (
    MARKED,
    UTF_8,
    UTF_16,
    Decoding,
    LineCounter,
    codec_of,
    encoding_of_head,
    is_undecodable,
)
from insight.sources.opening import CHUNK_BYTES
from insight.sources.options import Format, ReaderOptions

_LONGEST_LINE = 1 << 26
"""Letters; a longer line is no row, and would fill the memory."""

MOST_COLUMNS = 10_000
"""Keys of JSON rows that differ from row to row are data, not columns."""

_ONE_PER_LINE = "write one JSON object per line, for example with `jq -c '.[]'`"


class Unreadable(ValueError):
    """A file that is not as its source declares, with what to do about it."""

    def __init__(self, found: str, next_step: str) -> None:
        super().__init__(found)
        self.next_step = next_step


@dataclass(frozen=True)
class Content:
    """What a file, or a block of it, holds.

    Args:
        columns: Paths to types; the type is empty where the format has none.
        is_empty: Whether it has no rows.
        torn_end: Why its last line is no row; None if it is one.
        decoding: How the lines of a text decode.
        problem: Why it could not be read; None if it could.
        remedy: What to do about the problem, if that is not to deliver the file again.
    """

    columns: dict[str, str]
    is_empty: bool
    torn_end: str | None = None
    decoding: Decoding = field(default_factory=Decoding)
    problem: str | None = None
    remedy: str | None = None


def joined(blocks: Sequence[Content]) -> Content:
    """What a file holds, from its blocks in order."""
    columns = {path: kind for block in blocks for path, kind in block.columns.items()}
    # The file's last line is the last one of any block.
    ends = [block.torn_end for block in blocks if not block.is_empty]
    problems = [(block.problem, block.remedy) for block in blocks if block.problem]
    problems += [(end, None) for end in ends[-1:] if end]
    if len(columns) > MOST_COLUMNS:
        problems.append((f"more than {MOST_COLUMNS:,} different keys", None))
    problem, remedy = problems[0] if problems else (None, None)
    return Content(
        columns,
        all(block.is_empty for block in blocks),
        # Of a damaged file nothing but the damage is known.
        decoding=Decoding() if problem else reduce(add, (block.decoding for block in blocks)),
        problem=problem,
        remedy=remedy,
    )


def text_of(stream: Any, encoding: str) -> io.TextIOWrapper:
    """The text of a stream; a byte that is not valid becomes a mark in it."""
    return io.TextIOWrapper(stream, codec_of(encoding), errors=MARKED, newline="")


def refuse_other_encoding(head: bytes, encoding: str, form: Format) -> None:
    """Raise an Unreadable if a file's first bytes prove another encoding than the declared one."""
    proved = encoding_of_head(head)
    if proved is None and encoding == UTF_16:
        raise Unreadable(
            "no byte order mark, by which UTF-16 says the order of its bytes",
            "declare `options: {encoding: UTF-16LE}` or `UTF-16BE`, or have the mark written",
        )
    if proved in (None, encoding):
        return
    convert = form == "json" or proved == "UTF-32"
    raise Unreadable(
        f"text in {proved}, not {encoding}",
        f"convert the file to UTF-8 (`iconv -f {proved} -t UTF-8`)"
        if convert and proved != UTF_8
        else f"declare `options: {{encoding: {proved}}}`",
    )


def csv_content(
    text: io.TextIOWrapper, options: ReaderOptions, declared: Sequence[str], *, is_first: bool
) -> Content:
    """The columns of a CSV text, or of the part of one that ``is_first`` or follows."""
    counter, raw = LineCounter(), list[str]()
    columns = _first_line(_counted(text, counter, raw), raw, options, declared) if is_first else []
    is_empty = not columns or options.header
    for piece in _pieces(text):
        counter.add(piece)
        is_empty = is_empty and not piece.strip()
    decoding = counter.decoding(options.encoding)
    if any(map(is_undecodable, columns)):
        raise Unreadable(
            f"names of columns with bytes that are not {options.encoding}", decoding.remedy
        )
    return Content(dict.fromkeys(columns, ""), is_empty, decoding=decoding)


def json_content(text: io.TextIOWrapper, schema: StructType, encoding: str) -> Content:
    """Keys of all rows; a line that is no object is Spark's to report, but for the file's last."""
    counter, columns = LineCounter(), dict[str, str]()
    is_empty, cut = True, None
    for line in _counted(text, counter):
        if not line.strip():
            continue
        if is_empty:
            _refuse_other_json(line)
        is_empty = False
        try:
            row = json.loads(line)
            cut = None
        except (ValueError, RecursionError) as error:
            row, cut = None, error
        if isinstance(row, list):
            raise Unreadable("a JSON array in a line, not an object", _ONE_PER_LINE)
        columns |= dict.fromkeys(json_paths(row, schema), "")
        if len(columns) > MOST_COLUMNS:
            raise ValueError(f"more than {MOST_COLUMNS:,} different keys")
    decoding = counter.decoding(encoding)
    if decoding.invalid and encoding != UTF_8:
        # Spark ends the query at such a byte.
        raise Unreadable(
            f"{decoding.invalid:,} lines with bytes that are not {encoding}",
            "correct the encoding in the declaration, or have the file delivered in UTF-8",
        )
    return Content(columns, is_empty, _torn(cut), decoding)


def _torn(cut: Exception | None) -> str | None:
    if cut is None:
        return None
    # The reason may quote a letter of the line; its class and place say enough.
    place = f" at character {cut.pos + 1}" if isinstance(cut, json.JSONDecodeError) else ""
    return f"its last line is no JSON object: {type(cut).__name__}{place}"


def _refuse_other_json(line: str) -> None:
    """Refuse JSON that is not an object per line, by its first line."""
    begin = line.strip()
    if begin in ("{", "["):
        raise Unreadable("a JSON value over several lines, not an object per line", _ONE_PER_LINE)
    if begin.startswith("["):
        raise Unreadable("a JSON array, not an object per line", _ONE_PER_LINE)


def _first_line(
    lines: Iterator[str], raw: list[str], options: ReaderOptions, declared: Sequence[str]
) -> list[str]:
    """The columns that a CSV text's first line names, or has if it names none."""
    quoting: dict[str, Any] = {"quotechar": options.quote}
    if not options.quote:
        quoting = {"quoting": csv.QUOTE_NONE}
    # Python's own limit, 128 KiB, is shorter than values that Spark reads.
    csv.field_size_limit(_LONGEST_LINE)
    reader = csv.reader(lines, delimiter=options.sep, **quoting)
    # Spark passes over blank lines, before the header too.
    first = next((line for line in reader if any(value.strip() for value in line)), [])
    is_escaped = bool(options.escape) and options.escape != options.quote
    # Python reads an escape beside a quote in another way than Spark.
    doubtful = is_escaped and bool(options.quote) and any(options.quote in line for line in raw)
    if not options.header:
        is_sure = not doubtful or not any(options.escape in line for line in raw)
        if first and is_sure and len(first) != len(declared):
            raise ValueError(f"{len(first)} fields in the first line, not {len(declared)}")
        return list(declared) if first else []
    first = [named(header, place) for place, header in enumerate(first, 1)]
    if len(set(first)) < len(first):
        # The line may be a row of data: positions, not what stands there.
        places = [place for place, name in enumerate(first, 1) if first.count(name) > 1]
        raise ValueError(f"a column twice in the header, at positions {places[:10]}")
    if doubtful and any(options.quote in name or options.escape in name for name in first):
        raise Unreadable(
            "a quote within a column's name, which has no one meaning with this escape",
            "declare `options: {escape: '\"'}` if quotes are doubled, or rename the column",
        )
    return first


def _counted(
    text: io.TextIOWrapper, counter: LineCounter, raw: list[str] | None = None
) -> Iterator[str]:
    """The lines one by one, counted, and kept in ``raw``."""
    for line in iter(partial(text.readline, _LONGEST_LINE), ""):
        if len(line) == _LONGEST_LINE:
            raise ValueError(f"a line of more than {_LONGEST_LINE:,} letters")
        counter.add(line)
        if raw is not None:
            raw.append(line)
        yield line


def _pieces(text: io.TextIOWrapper) -> Iterator[str]:
    return iter(partial(text.read, CHUNK_BYTES), "")
