"""Opens landing files where they lie, streams their bytes, and unpacks what Spark can unpack.

Everything here runs in the executors and holds one chunk of a file at a time.
"""

import bz2
import gzip
import hashlib
import io
from functools import partial
from typing import BinaryIO, cast
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


def size_and_hash(url: str, *, chunk_bytes: int = CHUNK_BYTES) -> tuple[int, str]:
    """Number of bytes, and their SHA-256 in hex."""
    digest = hashlib.sha256()
    size = 0
    with open_file(url) as stream:
        for chunk in iter(partial(stream.read, chunk_bytes), b""):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def unpacked(stream: pa.NativeFile, url: str) -> BinaryIO:
    """The bytes as Spark will see them.

    Raises:
        ValueError: The file is compressed in a way that Spark cannot read, or would not
            recognise: it would find no rows, and say nothing.
    """
    wanted = next((name for end, name in _UNPACKED_BY_SPARK.items() if url.endswith(end)), None)
    head = stream.read(8)
    stream.seek(0)
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    ending = next((end for end in _PACKED_BY_NAME if url.endswith(end)), None)
    if ending or (found and found not in _UNPACKED_BY_SPARK.values()):
        how = f"{found} compression" if found else f"a name that ends in {ending}"
        raise ValueError(f"{how}, which Spark cannot read here; deliver it plain, .gz or .bz2")
    if found != wanted and (found == "gzip" or wanted):
        raise ValueError(
            f"{found or 'plain'} content under a name that says {wanted or 'plain'};"
            " Spark goes by the name"
        )
    plain = io.BufferedReader(cast(io.RawIOBase, stream), CHUNK_BYTES)
    if wanted == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=plain))
    return cast(BinaryIO, bz2.BZ2File(plain)) if wanted == "bzip2" else plain


def read_to_the_end(stream: BinaryIO) -> None:
    """A cut or damaged archive shows only at its end."""
    while stream.read(CHUNK_BYTES):
        pass
