"""Looks into new landing files before any is trusted: size, hash, and the columns they have."""

import csv
import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pyarrow as pa
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.sources.columns import declared_schema, missing_paths, new_columns, paths_of
from insight.sources.contents import Content, Unreadable, joined
from insight.sources.declaration import Feed
from insight.sources.encodings import Decoding
from insight.sources.layouts import Layout, Range, layout_of, look_into, look_into_range
from insight.sources.linewise import is_linewise, may_be_linewise
from insight.sources.opening import hash_of_range, open_file, size_and_hash, size_of
from insight.sources.parquet import is_convertible

Task = TypeVar("Task")
Result = TypeVar("Result")

BLOCK_BYTES = 64 << 20
"""Bytes that one task reads of a large file. Hashes in existing lakes are made of such blocks."""

_TASKS_PER_CORE = 4
"""Files differ in size: more tasks than cores even out, a task per file would only cost."""

_DAMAGE = (pa.ArrowException, csv.Error, zlib.error, OSError, EOFError, ValueError)


@dataclass(frozen=True)
class FileFacts:
    """What one landing file is.

    Args:
        file: Full URL.
        file_bytes: Its size.
        content_hash: As ``hash_of_blocks`` of its blocks' SHA-256.
        columns: Paths to types (``items.price``); the type is empty where the format has
            none (CSV, JSON).
        is_empty: Whether it has no rows.
        problem: Why it could not be read; None when it could.
        is_linewise: Whether it is a large CSV file that has been found to hold no line break
            within a value.
        decoding: How the lines of a text file decode.
        remedy: What to do about the problem, if that is not to deliver the file again.
    """

    file: str
    file_bytes: int
    content_hash: str
    columns: dict[str, str]
    is_empty: bool
    problem: str | None
    is_linewise: bool = False
    decoding: Decoding = field(default_factory=Decoding)
    remedy: str | None = None


@dataclass(frozen=True)
class _Block:
    """Facts of one block of a large file; the fields are those of ``FileFacts``."""

    file_bytes: int
    content_hash: str
    content: Content
    is_linewise: bool


def inspect_files(
    spark: SparkSession, files: Sequence[str], feed: Feed, *, block_bytes: int = BLOCK_BYTES
) -> list[FileFacts]:
    """Read each file through, in the executors, and say what it is.

    One job for all of them; a second one for files of more than a block, whose blocks are read
    side by side. Only names travel to the executors: bytes are streamed there in small pieces.
    """
    layout = layout_of(feed)
    found = _in_executors(spark, sorted(files), lambda file: _inspected(file, layout, block_bytes))
    large = [facts for facts in found if not facts.content_hash]
    tasks = [
        (facts.file, block) for facts in large for block in blocks_of(facts.file_bytes, block_bytes)
    ]
    parts = _in_executors(spark, tasks, lambda task: (task[0], _inspected_block(*task, layout)))
    of_file: dict[str, list[_Block]] = {}
    for file, part in parts:
        of_file.setdefault(file, []).append(part)
    return [
        _joined(facts.file, of_file[facts.file]) if facts.file in of_file else facts
        for facts in found
    ]


def hash_files(
    spark: SparkSession, files: Sequence[str], *, block_bytes: int = BLOCK_BYTES
) -> dict[str, str]:
    """The hashes of files as ``inspect_files`` gives them, and nothing else of them."""
    found = _in_executors(spark, files, lambda file: (file, size_of(file)))
    tasks = [(file, block) for file, size in found for block in blocks_of(size, block_bytes)]
    hashes: dict[str, list[str]] = {}
    for file, part in _in_executors(spark, tasks, lambda task: (task[0], _hash(*task))):
        hashes.setdefault(file, []).append(part)
    return {file: hash_of_blocks(parts) for file, parts in hashes.items()}


def blocks_of(size: int, block_bytes: int) -> list[Range]:
    """The ranges of a file of that many bytes; one at least."""
    ends = range(block_bytes, max(size, 1) + block_bytes, block_bytes)
    return [Range(end - block_bytes, min(end, size)) for end in ends]


def hash_of_blocks(hashes: Sequence[str]) -> str:
    """One hash for a file from those of its blocks, in order; of one block, that block's own.

    A hash over all bytes needs one reader for all bytes. This is the composite checksum of S3's
    multipart uploads: the hash of the hashes, with the number of parts.
    """
    if len(hashes) == 1:
        return hashes[0]
    parts = b"".join(bytes.fromhex(part) for part in hashes)
    return f"{hashlib.sha256(parts).hexdigest()}-{len(hashes)}"


def check_columns(facts: FileFacts, feed: Feed, *, allow_new: bool) -> None:
    """Hold a file's columns against its declaration.

    Raises:
        SourceFormatError: The file is damaged, or a column is missing, new or retyped.
    """
    if facts.problem:
        raise SourceFormatError(
            f"landing file {facts.file}",
            found=facts.problem,
            expected=f"a whole {feed.format} file",
            next_step=facts.remedy or "ask the shop to deliver the file again; nothing was written",
        )
    problems = _differences(facts, feed, allow_new=allow_new)
    if problems:
        raise SourceFormatError(
            f"landing file {facts.file}",
            found="; ".join(problems),
            expected=f"the columns {', '.join(feed.columns)}",
            next_step="ask the shop what changed, then correct the declaration in conf/sources"
            " (new columns alone: name them under `ignored`, or set ingest.evolve_columns)",
        )


def _differences(facts: FileFacts, feed: Feed, *, allow_new: bool) -> list[str]:
    if facts.is_empty and feed.format == "json":
        # Without rows there are no keys.
        return []
    declared = dict(paths_of(declared_schema(feed)))
    problems = [f"no column {path}" for path in missing_paths(feed, declared, facts.columns)]
    problems += [
        f"{path} is {facts.columns[path]}, not {kind}"
        for path, kind in declared.items()
        if facts.columns.get(path) and not is_convertible(facts.columns[path], kind)
    ]
    if not allow_new:
        problems += new_columns(feed, declared, facts.columns)
    return problems


def _in_executors(
    spark: SparkSession, tasks: Sequence[Task], work: Callable[[Task], Result]
) -> list[Result]:
    """Results in the order of the tasks; no job without tasks."""
    if not tasks:
        return []
    slices = min(len(tasks), _TASKS_PER_CORE * spark.sparkContext.defaultParallelism)
    return spark.sparkContext.parallelize(tasks, slices).map(work).collect()


def _inspected(file: str, layout: Layout, block_bytes: int) -> FileFacts:
    # A failure to fetch the bytes is the storage's: it ends the task, and Spark tries again.
    # What fails once they are known to come is the file's own.
    size = size_of(file)
    if size > block_bytes:
        return FileFacts(file, size, "", {}, is_empty=False, problem=None)
    size, content_hash = size_and_hash(file)
    content = _looked_into(file, lambda stream: look_into(stream, file, layout), size)
    return _facts(file, size, content_hash, content)


def _facts(file: str, size: int, content_hash: str, content: Content) -> FileFacts:
    return FileFacts(
        file,
        size,
        content_hash,
        content.columns,
        content.is_empty,
        content.problem,
        decoding=content.decoding,
        remedy=content.remedy,
    )


def _inspected_block(file: str, block: Range, layout: Layout) -> _Block:
    size, content_hash = hash_of_range(file, block.begin, block.end)
    content = _looked_into(file, lambda stream: look_into_range(stream, file, layout, block), size)
    has_whole_lines = False
    if layout.options.multi_line and may_be_linewise(file, layout):
        with open_file(file) as stream:
            has_whole_lines = is_linewise(stream, layout, block)
    return _Block(size, content_hash, content, has_whole_lines)


def _looked_into(file: str, look: Callable[[pa.NativeFile], Content], size: int) -> Content:
    """Return what a file holds, with the problem if it cannot be read."""
    try:
        if size == 0:
            raise ValueError("a file of no bytes")
        with open_file(file) as stream:
            return look(stream)
    except _DAMAGE as error:
        # Our own words need no class before them; those of a library do.
        named = "" if type(error) in (ValueError, Unreadable) else f"{type(error).__name__}: "
        remedy = error.next_step if isinstance(error, Unreadable) else None
        return Content({}, is_empty=True, problem=f"{named}{error}"[:300], remedy=remedy)


def _joined(file: str, blocks: Sequence[_Block]) -> FileFacts:
    """The facts of a file from those of its blocks, in order."""
    content = joined([block.content for block in blocks])
    size = sum(block.file_bytes for block in blocks)
    content_hash = hash_of_blocks([block.content_hash for block in blocks])
    is_linewise = all(block.is_linewise for block in blocks)
    return replace(_facts(file, size, content_hash, content), is_linewise=is_linewise)


def _hash(file: str, block: Range) -> str:
    return hash_of_range(file, block.begin, block.end)[1]
