"""Opens landing files where they lie, streams their bytes, and unpacks what Spark can unpack.

Everything here runs in the executors and holds one chunk of a file at a time.
"""

import bz2
import gzip
import hashlib
import io
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import pyarrow as pa
from pyarrow import fs

CHUNK_BYTES = 1 << 20
"""What is held of a file at once."""

_ARROW_SCHEMES = {"s3a": "s3", "s3n": "s3"}
"""Hadoop's names of file systems to Arrow's; the others are called alike."""

_UNPACKED_BY_SPARK = {".gz": "gzip", ".bz2": "bzip2"}

_PACKED_BY_NAME = (".zst", ".lz4", ".snappy", ".deflate", ".zip", ".xz", ".7z", ".br")
"""Spark takes a codec by the name's ending: it lacks these codecs, or reads no rows with them."""

_PARQUET = b"PAR1"

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xff\x06\x00\x00sNaPpY": "snappy",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7z",
}


def open_file(url: str) -> pa.NativeFile:
    """Open a file of any file system that Arrow knows: file, hdfs, viewfs, s3 (s3a), gs.

    HDFS needs ``libhdfs`` and Hadoop's class path in the executors' environment; S3 and GCS
    take the credentials of the machine or of their usual environment variables.

    Args:
        url: Full URL as Hadoop prints it: a blank is a blank.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "file":
        return fs.LocalFileSystem().open_input_file("/" + rest.lstrip("/"))
    uri = f"{_ARROW_SCHEMES.get(scheme, scheme)}:{quote(rest, safe='/:@')}"
    filesystem, path = fs.FileSystem.from_uri(uri)
    return filesystem.open_input_file(path)


def size_of(url: str) -> int:
    """Number of bytes."""
    with open_file(url) as stream:
        return int(stream.size())


def size_and_hash(url: str, *, chunk_bytes: int = CHUNK_BYTES) -> tuple[int, str]:
    """Number of bytes, and their SHA-256 in hex."""
    return hash_of_range(url, 0, None, chunk_bytes=chunk_bytes)


def hash_of_range(
    url: str, begin: int, end: int | None, *, chunk_bytes: int = CHUNK_BYTES
) -> tuple[int, str]:
    """Number of bytes in a range of a file, and their SHA-256 in hex.

    Args:
        url: The file.
        begin: Offset of the first byte.
        end: Offset after the last byte; None for the end of the file.
        chunk_bytes: Bytes held at once.
    """
    digest = hashlib.sha256()
    position = begin
    with open_file(url) as stream:
        stream.seek(begin)
        while chunk := stream.read(_at_most(chunk_bytes, position, end)):
            digest.update(chunk)
            position += len(chunk)
    return position - begin, digest.hexdigest()


def _at_most(chunk_bytes: int, position: int, end: int | None) -> int:
    return chunk_bytes if end is None else min(chunk_bytes, end - position)


class LinesOfRange(io.RawIOBase):
    """The bytes of the lines that begin in a range of a file.

    A line belongs to the range that holds its first byte: the ranges of a file give each line
    exactly once.
    """

    def __init__(self, stream: pa.NativeFile, begin: int, end: int) -> None:
        """Take a stream that can be positioned, and the range's first and last offset."""
        super().__init__()
        self._stream = stream
        self._end = end
        self._position = max(begin - 1, 0)
        self._pending = b""
        stream.seek(self._position)
        if begin > 0:
            self._skip_line()
        self._is_over = self._position >= end

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the bytes that follow; 0 at the end of the last line."""
        if not self._pending:
            self._pending = self._next_chunk()
        given = self._pending[: len(buffer)]
        buffer[: len(given)] = given
        self._pending = self._pending[len(given) :]
        return len(given)

    def _skip_line(self) -> None:
        """Go to the byte after the first line break."""
        while chunk := self._stream.read(CHUNK_BYTES):
            found = chunk.find(b"\n")
            if found >= 0:
                self._position += found + 1
                self._stream.seek(self._position)
                return
            self._position += len(chunk)

    def _next_chunk(self) -> bytes:
        if self._is_over:
            return b""
        chunk = bytes(self._stream.read(CHUNK_BYTES))
        # The line break that ends the last line is the range's last byte, or comes after it.
        last = chunk.find(b"\n", max(self._end - 1 - self._position, 0))
        if last >= 0:
            chunk, self._is_over = chunk[: last + 1], True
        self._position += len(chunk)
        return chunk


def unpacked(stream: pa.NativeFile, url: str) -> BinaryIO:
    """The bytes as Spark will see them.

    Raises:
        ValueError: As ``packing_of``.
    """
    wanted = packing_of(stream, url)
    plain = io.BufferedReader(cast(io.RawIOBase, stream), CHUNK_BYTES)
    if wanted == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=plain))
    return cast(BinaryIO, bz2.BZ2File(plain)) if wanted == "bzip2" else plain


def packing_of(stream: pa.NativeFile, url: str) -> str | None:
    """How a text file is compressed, by its name and its first bytes; None if it is plain.

    Raises:
        ValueError: The file is compressed in a way that Spark cannot read, or would not
            recognise: it would find no rows, and say nothing. Or it is no text at all.
    """
    wanted = next((name for end, name in _UNPACKED_BY_SPARK.items() if url.endswith(end)), None)
    head = stream.read(8)
    stream.seek(0)
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    ending = next((end for end in _PACKED_BY_NAME if url.endswith(end)), None)
    if ending or (found and found not in _UNPACKED_BY_SPARK.values()):
        how = f"{found} compression" if found else f"a name that ends in {ending}"
        raise ValueError(f"{how}, which Spark cannot read here; deliver it plain, .gz or .bz2")
    if head.startswith(_PARQUET):
        raise ValueError("Parquet content, not text; declare `format: parquet`")
    if found != wanted and (found == "gzip" or wanted):
        raise ValueError(
            f"{found or 'plain'} content under a name that says {wanted or 'plain'};"
            " Spark goes by the name"
        )
    return wanted


def read_to_the_end(stream: BinaryIO) -> None:
    """A cut or damaged archive shows only at its end."""
    while stream.read(CHUNK_BYTES):
        pass
