"""Whether each line of a CSV file is a row of its own, so that Spark can read it in ranges.

Spark reads CSV with ``multiLine`` in one task per file, since a line break within quotes hides
where rows begin. Most large exports have no such value.
"""

import io
import re

import pyarrow as pa

from insight.sources.encodings import UTF_8
from insight.sources.layouts import Layout, Range
from insight.sources.opening import CHUNK_BYTES, LinesOfRange
from insight.sources.options import ReaderOptions

_LONGEST_LINE = 1 << 25
"""Bytes; a longer line is left to the reader of whole files."""

_BLANKS = re.compile(rb"\n[ \t\x0b\x0c]+\r?(?:\n|\Z)")


def may_be_linewise(url: str, layout: Layout) -> bool:
    """Whether a file is of a kind that ``is_linewise`` can judge: plain CSV in UTF-8."""
    is_plain = layout.format == "csv" and not url.endswith((".gz", ".bz2"))
    return is_plain and layout.options.encoding == UTF_8 and len(layout.options.sep.encode()) == 1


def is_linewise(stream: pa.NativeFile, layout: Layout, block: Range) -> bool:
    """Whether every line that begins in a block is a whole row, however the file is parsed.

    A line is if each of its values either has no quote or is quoted as a whole, with quotes inside
    it doubled (RFC 4180). A parser that begins such a line between two rows ends it between
    two rows. Whatever is written in another way counts as doubtful: a quote within a bare value, an
    escape beside a quote, a carriage return that ends no line, a line of blanks.

    Args:
        stream: A stream that can be positioned.
        layout: How the file is written: in UTF-8, with one character between values.
        block: The block.
    """
    row = _row(layout.options)
    quote, escape = layout.options.quote.encode(), layout.options.escape.encode()
    reader = io.BufferedReader(LinesOfRange(stream, block.begin, block.end), CHUNK_BYTES)
    while text := reader.read(CHUNK_BYTES) + reader.readline(_LONGEST_LINE):
        if len(text) >= _LONGEST_LINE or _is_doubtful(text):
            return False
        if not quote or quote not in text:
            continue
        lines = [line.removesuffix(b"\r") for line in text.split(b"\n") if quote in line]
        if escape != quote and any(escape in line for line in lines):
            return False
        if not all(row.fullmatch(line) for line in lines):
            return False
    return True


def _is_doubtful(text: bytes) -> bool:
    """Whether parsers see other lines than those that end with a line feed."""
    return text.count(b"\r") != text.count(b"\r\n") or bool(_BLANKS.search(b"\n" + text))


def _row(options: ReaderOptions) -> re.Pattern[bytes]:
    quote, separator = (re.escape(text.encode()) for text in (options.quote, options.sep))
    if not quote:
        return re.compile(b".*")
    # With another escape than the quote, two quotes in a row mean different things to parsers.
    doubled = b"|" + quote * 2 if options.escape == options.quote else b""
    quoted = quote + b"(?:[^" + quote + b"]" + doubled + b")*+" + quote
    value = b"(?:" + quoted + b"|[^" + quote + separator + b"]*+)"
    # A byte order mark may stand before the first value.
    return re.compile(b"(?:\xef\xbb\xbf)?+" + value + b"(?:" + separator + value + b")*+")
