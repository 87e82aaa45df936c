"""Encodings of text files: names that Python and Java share, and bytes that are not valid."""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from insight.errors import SourceFormatError

UTF_8, UTF_16 = "UTF-8", "UTF-16"

WIDE = (UTF_16, "UTF-16LE", "UTF-16BE")
"""Encodings in which a line feed is no single byte: a file has no ranges, and Spark needs all of
it to find its lines."""

_UNICODE = (UTF_8, *WIDE)

_NAMES = (
    *_UNICODE,
    "US-ASCII",
    *(f"ISO-8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16)),
    *(f"windows-{page}" for page in range(1250, 1259)),
    *("KOI8-R", "KOI8-U", "IBM437", "IBM850", "IBM852", "IBM855", "IBM858", "IBM866"),
    *("Shift_JIS", "EUC-JP", "EUC-KR", "GBK", "GB2312", "Big5"),
)
"""Java's names. Python has an alias for each."""

_BY_CODEC = {codecs.lookup(name).name: name for name in _NAMES} | {"utf-8-sig": UTF_8}

_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF16_LE: UTF_16,
    codecs.BOM_UTF16_BE: UTF_16,
}
"""Byte order marks, the longer ones first: UTF-32's begins as UTF-16's."""

REPLACEMENT = "\ufffd"
"""The character that Spark reads where bytes are not valid."""

_UNDECODABLE = re.compile(r"[\udc00-\udcff]")
_FEW = 20
"""Lines with invalid bytes that are kept to guess the encoding from."""
_GUESSES = (UTF_8, "ISO-8859-1", "windows-1252", "IBM850")
HEAD_BYTES = 1 << 10
_NUL_SHARE = 0.3
"""In UTF-16 every other byte of European text is NUL; text in other encodings has none."""


def encoding_named(text: str) -> str:
    """The one name of an encoding that Python and Java agree on.

    Raises:
        ValueError: It is not an encoding that both read alike.
    """
    try:
        return _BY_CODEC[codecs.lookup(text).name]
    except (LookupError, ValueError) as error:
        raise ValueError(f"an encoding among {', '.join(_NAMES)}") from error


def codec_of(encoding: str) -> str:
    """Python's codec. A mark at the beginning is not part of the first column's name."""
    return "utf-8-sig" if encoding == UTF_8 else encoding


def holds_replacements(encoding: str) -> bool:
    """Whether U+FFFD may be written in it; in others it only ever means an invalid byte."""
    return encoding in _UNICODE


@dataclass(frozen=True)
class Decoding:
    """How the lines of a text decode.

    Args:
        lines: Number of lines.
        invalid: Number of lines with bytes that are not valid in the encoding.
        first: Position of the first such line, from 1; 0 if there is none.
        likely: An encoding in which those bytes are valid; empty if there is none.
    """

    lines: int = 0
    invalid: int = 0
    first: int = 0
    likely: str = ""

    def described(self, encoding: str) -> str:
        """The invalid lines, in words."""
        return (
            f"{self.invalid:,} of {self.lines:,} lines with bytes that are not {encoding},"
            f" the first at line {self.first:,}"
        )

    @property
    def remedy(self) -> str:
        """What to declare."""
        if not self.likely:
            return "declare the file's encoding, as `options: {encoding: ...}`"
        return f"declare the file's encoding, probably `options: {{encoding: {self.likely}}}`"

    def __add__(self, later: "Decoding") -> "Decoding":
        """The counts of this text followed by another one."""
        return Decoding(
            self.lines + later.lines,
            self.invalid + later.invalid,
            self.first or (later.first and self.lines + later.first),
            self.likely or later.likely,
        )


def refuse_undecodable(file: str, decoding: Decoding, encoding: str, *, max_share: float) -> None:
    """Stop at a file that is plainly in another encoding.

    Raises:
        SourceFormatError: More than ``max_share`` of its lines have invalid bytes.
    """
    if decoding.invalid > max_share * decoding.lines:
        raise SourceFormatError(
            f"landing file {file}",
            found=decoding.described(encoding),
            expected=f"at most {max_share:.0%} (setting ingest.max_undecodable_share)",
            next_step=f"{decoding.remedy} in conf/sources; or have it delivered in {encoding}",
        )


class LineCounter:
    """Counts lines, and those with invalid bytes, of a text opened with ``MARKED`` errors."""

    def __init__(self) -> None:
        self._breaks = self._invalid = self._first = self._last = 0
        self._is_open = False
        self._samples: list[str] = []

    def add(self, text: str) -> None:
        """Count the text that follows."""
        if is_undecodable(text):
            for position, line in enumerate(text.split("\n"), self._breaks + 1):
                if position != self._last and is_undecodable(line):
                    self._invalid, self._last = self._invalid + 1, position
                    self._first = self._first or position
                    if len(self._samples) < _FEW:
                        self._samples.append(line)
        self._breaks += text.count("\n")
        self._is_open = not text.endswith("\n") if text else self._is_open

    def decoding(self, encoding: str) -> Decoding:
        """All counts, with a guess at the encoding that the invalid lines are in."""
        likely = _likely(self._samples, encoding)
        return Decoding(self._breaks + self._is_open, self._invalid, self._first, likely)


MARKED = "insight_marked"
"""Python's ``errors`` for which each invalid byte becomes one character of ``is_undecodable``."""


def is_undecodable(text: str) -> bool:
    """Whether a text opened with ``MARKED`` errors holds an invalid byte."""
    return not text.isascii() and _UNDECODABLE.search(text) is not None


def encoding_of_head(head: bytes) -> str | None:
    """The encoding that a file's first bytes prove: by a mark, or NUL bytes of UTF-16."""
    for mark, name in _MARKS.items():
        if head.startswith(mark):
            return name
    few = head[: HEAD_BYTES - HEAD_BYTES % 2]
    pairs = len(few) // 2
    if pairs and few[1::2].count(0) > _NUL_SHARE * pairs:
        return "UTF-16LE"
    return "UTF-16BE" if pairs and few[::2].count(0) > _NUL_SHARE * pairs else None


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    invalid = error.object[error.start : error.end]
    # Lone surrogates: no valid text decodes to one.
    return "".join(chr(0xDC00 + byte) for byte in invalid), error.end


codecs.register_error(MARKED, _marked)


def _likely(samples: Iterable[str], encoding: str) -> str:
    """The first encoding in which the samples' bytes are valid text, without control characters."""
    raw = b"\n".join(_bytes_of(sample, encoding) for sample in samples)
    if not raw:
        return ""
    return next((name for name in _GUESSES if name != encoding and _is_text(raw, name)), "")


def _bytes_of(sample: str, encoding: str) -> bytes:
    return b"".join(
        bytes([ord(char) - 0xDC00]) if _UNDECODABLE.match(char) else char.encode(encoding)
        for char in sample
    )


def _is_text(raw: bytes, encoding: str) -> bool:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return not any("\x7f" <= char < "\xa0" for char in text)
