"""Looks into new landing files before any is trusted: size, hash, and the columns they have."""

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import SparkSession

from insight.errors import SourceFormatError
from insight.sources.columns import declared_schema, missing_paths, new_columns, paths_of
from insight.sources.declaration import Feed
from insight.sources.layouts import Content, Layout, layout_of, look_into
from insight.sources.opening import open_file, size_and_hash

_TASKS_PER_CORE = 4
"""Files differ in size: more tasks than cores even out, a task per file would only cost."""

_DAMAGE = (pa.ArrowException, csv.Error, zlib.error, OSError, EOFError, ValueError)


@dataclass(frozen=True)
class FileFacts:
    """What one landing file is.

    Args:
        file: Full URL.
        file_bytes: Its size.
        content_hash: SHA-256 in hex.
        columns: Paths to types (``items.price``); the type is empty where the format has
            none (CSV, JSON).
        is_empty: Whether it has no rows.
        problem: Why it could not be read; None when it could.
    """

    file: str
    file_bytes: int
    content_hash: str
    columns: dict[str, str]
    is_empty: bool
    problem: str | None


def inspect_files(spark: SparkSession, files: Sequence[str], feed: Feed) -> list[FileFacts]:
    """Read each file through, in the executors, and say what it is; one job for all of them.

    Only names travel to the executors: a file of any size is streamed there in small pieces.
    """
    layout = layout_of(feed)
    tasks = min(len(files), _TASKS_PER_CORE * spark.sparkContext.defaultParallelism)
    named = spark.sparkContext.parallelize(sorted(files), max(tasks, 1))
    return named.map(lambda file: _inspected(file, layout)).collect()


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
            next_step="ask the shop to deliver the file again; nothing was written",
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
        if facts.columns.get(path) and facts.columns[path] != kind
    ]
    if not allow_new:
        problems += new_columns(feed, declared, facts.columns)
    return problems


def _inspected(file: str, layout: Layout) -> FileFacts:
    # A failure to fetch the bytes is the storage's: it ends the task, and Spark tries again.
    # What fails once they are known to come is the file's own.
    size, content_hash = size_and_hash(file)
    content, problem = Content({}, is_empty=True), None
    try:
        if size == 0:
            raise ValueError("a file of no bytes")
        with open_file(file) as stream:
            content = look_into(stream, file, layout)
    except _DAMAGE as error:
        # Our own words need no class before them; those of a library do.
        named = "" if type(error) is ValueError else f"{type(error).__name__}: "
        problem = f"{named}{error}"[:300]
    return FileFacts(file, size, content_hash, content.columns, content.is_empty, problem)
