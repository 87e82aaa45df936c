"""Looks into new landing files before any is trusted: size, hash, and the columns they have."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import PySparkTypeError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_type

from insight.errors import SourceFormatError
from insight.sources.declaration import Feed

_SCHEMA = (
    "file string, file_bytes bigint, content_hash string, columns string, is_empty boolean, "
    "problem string"
)


@dataclass(frozen=True)
class FileFacts:
    """What one landing file is.

    Args:
        file: Full URL.
        file_bytes: Its size.
        content_hash: SHA-256 in hex.
        columns: Names to types; the type is empty where the format has none (CSV, JSON).
        is_empty: Whether it has no rows.
        problem: Why it could not be read; None when it could.
    """

    file: str
    file_bytes: int
    content_hash: str
    columns: dict[str, str]
    is_empty: bool
    problem: str | None


def inspect_files(spark: SparkSession, files: Iterable[str], feed: Feed) -> list[FileFacts]:
    """Read each file once, in the executors, and say what it is."""
    contents: DataFrame = (
        spark.read.format("binaryFile").load(list(files)).select("path", "length", "content")
    )
    form, delimiter = feed.format, feed.options.get("sep", ",")
    declared = None if form != "csv" or feed.has_header else list(feed.columns)

    def inspect(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = [_inspected(row, form, delimiter, declared) for row in batch.to_pylist()]
            yield pa.RecordBatch.from_pylist(rows)

    rows = contents.mapInArrow(inspect, _SCHEMA).collect()
    facts = {
        row["file"]: FileFacts(**row.asDict() | {"columns": json.loads(row["columns"])})
        for row in rows
    }
    # Spark passes over a file of no bytes without a word.
    return [facts.get(file, _nothing(file)) for file in sorted(files)]


def _nothing(file: str) -> FileFacts:
    nothing = hashlib.sha256(b"").hexdigest()
    return FileFacts(file, 0, nothing, {}, is_empty=True, problem="a file of no bytes")


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
    missing = [name for name in feed.columns if name not in facts.columns]
    new = [name for name in facts.columns if name not in feed.columns]
    retyped = [
        f"{name} is {facts.columns[name]}, not {want}"
        for name, want in feed.columns.items()
        if facts.columns.get(name) and facts.columns[name] != want
    ]
    problems = [f"no column {name}" for name in missing] + retyped
    if not allow_new:
        problems += [f"a new column {name}" for name in new]
    if problems:
        raise SourceFormatError(
            f"landing file {facts.file}",
            found="; ".join(problems),
            expected=f"the columns {', '.join(feed.columns)}",
            next_step="ask the shop what changed, then correct the declaration in conf/sources"
            " (new columns alone: set ingest.evolve_columns to ignore them)",
        )


def _inspected(
    row: dict[str, object], form: str, delimiter: str, declared: list[str] | None
) -> dict[str, object]:
    content = row["content"]
    assert isinstance(content, bytes)
    columns: dict[str, str] = {}
    is_empty, problem = False, None
    try:
        if declared is None:
            columns, is_empty = _READERS[form](content, delimiter)
        else:
            columns, is_empty = _look_into_headless(content, delimiter, declared)
    except (pa.ArrowException, csv.Error, OSError, EOFError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:300]
    return {
        "file": row["path"],
        "file_bytes": row["length"],
        "content_hash": hashlib.sha256(content).hexdigest(),
        "columns": json.dumps(columns),
        "is_empty": is_empty,
        "problem": problem,
    }


def _look_into_parquet(content: bytes, _: str) -> tuple[dict[str, str], bool]:
    file = pq.ParquetFile(io.BytesIO(content))
    # Every row group, not only the footer: a cut or broken page shows here, before any write.
    for group in range(file.num_row_groups):
        file.read_row_group(group)
    columns = {field.name: _spark_type(field.type) for field in file.schema_arrow}
    return columns, file.metadata.num_rows == 0


def _look_into_csv(content: bytes, delimiter: str) -> tuple[dict[str, str], bool]:
    text = _unzipped(content).decode("utf-8-sig", errors="replace")
    header = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    if len(set(header)) < len(header):
        raise ValueError(f"a column twice in the header {header}")
    return dict.fromkeys(header, ""), not text.partition("\n")[2].strip()


def _look_into_headless(
    content: bytes, delimiter: str, declared: list[str]
) -> tuple[dict[str, str], bool]:
    """A CSV file without a header has the declared columns, if it has as many."""
    text = _unzipped(content).decode("utf-8-sig", errors="replace")
    first = next(csv.reader(io.StringIO(text), delimiter=delimiter), declared)
    if len(first) != len(declared):
        raise ValueError(f"{len(first)} fields in the first line, not {len(declared)}")
    return dict.fromkeys(declared, ""), not text.strip()


def _look_into_json(content: bytes, _: str) -> tuple[dict[str, str], bool]:
    lines = _unzipped(content).decode("utf-8-sig").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return dict.fromkeys((name for row in rows for name in row), ""), not rows


_READERS = {"parquet": _look_into_parquet, "csv": _look_into_csv, "json": _look_into_json}


def _unzipped(content: bytes) -> bytes:
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _spark_type(kind: pa.DataType) -> str:
    """The type as Spark names it; as Arrow does where Spark has no such type."""
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return str(kind)
    try:
        return from_arrow_type(kind).simpleString()
    except PySparkTypeError:
        return str(kind)
