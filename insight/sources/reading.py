"""From a feed's files to rows as declared: typed, what did not parse told, nothing lost."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from insight.errors import SourceFormatError
from insight.privacy.free_text import shape_of
from insight.sources.column_names import CORRUPT, TORN, quoted, sql_of
from insight.sources.columns import NESTED, declared_schema
from insight.sources.declaration import TARGETS, Feed
from insight.sources.inspection import FileFacts
from insight.sources.nested import NestedColumn
from insight.sources.spark_files import escaped, refuse_other_files, source_file, text_rows
from insight.storage import path_of

TextReader = Callable[[Feed, Sequence[FileFacts]], DataFrame]
"""Text files to rows of unparsed values."""

_REDACTED = "<redacted>"
_SHOWN = 200
"""Longest shape in a message, in characters of the value."""


@contextmanager
def text_reader(spark: SparkSession) -> Iterator[TextReader]:
    """Give a reader of text files that parses a file once while the block runs.

    The check of a feed's types, the write, and other feeds of the same files use the same rows.
    """
    held: dict[tuple[object, ...], DataFrame] = {}

    def read_text(feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
        names = tuple(fact.file for fact in files)
        key = (feed.format, feed.options, tuple(feed.columns), names)
        if key not in held:
            # In memory alone: customers' own ids are not to reach a disk. What does not fit is
            # parsed again.
            held[key] = text_rows(spark, feed, files).persist(StorageLevel.MEMORY_ONLY)
        return held[key]

    try:
        yield read_text
    finally:
        for rows in held.values():
            rows.unpersist()


def read_rows(
    spark: SparkSession,
    feed: Feed,
    files: Sequence[FileFacts],
    read_text: TextReader | None = None,
) -> DataFrame:
    """The files' rows as declared, a text form's values parsed to their types.

    Adds ``source_file`` and ``malformed``: JSON of the shapes of the values that did not parse.
    The values themselves are not kept: they may stand in the wrong columns, a customer's id in
    the country's. A row with too few or too many fields, or with bytes that are not valid in the
    declared encoding, keeps none of its values.

    Raises:
        SourceFormatError: Spark would read other files than these.
    """
    schema = declared_schema(feed)
    if feed.format == "parquet":
        rows = spark.read.schema(schema).parquet(*(escaped(fact.file) for fact in files))
        refuse_other_files(rows, [fact.file for fact in files])
        nothing = F.lit(None).cast("string").alias("malformed")
        return rows.select(*map(quoted, feed.columns), source_file(), nothing)
    text = read_text(feed, files) if read_text else text_rows(spark, feed, files)
    nested = {f.name: NestedColumn(f.name, f.dataType) for f in schema if _is_nested(f.dataType)}
    options = feed.options.of_nested_json()
    loose = text.withColumns({name: n.loosely_read(options) for name, n in nested.items()})
    whole = F.col(CORRUPT).isNull()
    values, failed = {}, []
    for name in feed.columns:
        values[name], bad, found = _parsed(nested.get(name), name, sql_of(schema[name].dataType))
        shape = F.lit(_REDACTED) if _is_personal(feed, name) else F.substring(found, 1, _SHOWN)
        failed.append(F.when(whole & bad, F.coalesce(shape, F.lit(_REDACTED))).alias(name))
    malformed = F.to_json(F.struct(*failed, F.col(CORRUPT).alias(TORN)))
    return loose.select(
        *(F.when(whole, value).alias(name) for name, value in values.items()),
        "source_file",
        F.when(malformed != "{}", malformed).alias("malformed"),
    )


def per_column_malformed_share(rows: DataFrame, feed: Feed) -> DataFrame:
    """Share of rows per file and column that did not parse: ``source_file, column, share``."""
    parsed = F.from_json("malformed", "map<string, string>")
    names = [*feed.columns, TORN]
    counts = rows.groupBy("source_file").agg(
        F.count(F.lit(1)).alias("rows"),
        F.array(*(F.count_if(parsed[name].isNotNull()) for name in names)).alias("unparsed"),
    )
    column = F.element_at(F.array(*map(F.lit, names)), F.col("position") + 1)
    return counts.select(
        "source_file", "rows", F.posexplode("unparsed").alias("position", "count")
    ).select("source_file", column.alias("column"), (F.col("count") / F.col("rows")).alias("share"))


def refuse_retyped_columns(
    rows: DataFrame, feed: Feed, *, max_share: float, files: Sequence[FileFacts] = ()
) -> None:
    """Stop when a text column has plainly changed its type, or a file's rows are not read.

    Args:
        rows: Rows as ``read_rows`` gives them.
        feed: The feed.
        max_share: Largest share of unparsable values.
        files: The files that the rows are of, to be checked for rows.

    Raises:
        SourceFormatError: More than ``max_share`` of a file's values in a column do not parse, or
            a file is not empty and has no rows.
    """
    if feed.format == "parquet":
        return
    # One row per file at least: that of whole rows.
    is_wanted = (F.col("share") > max_share) | (F.col("column") == TORN)
    shares = per_column_malformed_share(rows, feed).where(is_wanted).collect()
    read = {path_of(row["source_file"]) for row in shares}
    unread = [f.file for f in files if not f.is_empty and path_of(f.file) not in read]
    if unread:
        raise SourceFormatError(
            f"landing file {unread[0]}",
            found="0 rows read of a file that is not empty",
            expected="a row for each line or object",
            next_step="check the file and the options in conf/sources; nothing was written",
        )
    excess = [row for row in shares if row["share"] > max_share]
    if excess:
        worst = min(excess, key=lambda row: (-row["share"], row["source_file"], row["column"]))
        kind = feed.columns.get(worst["column"], "whole rows")
        raise SourceFormatError(
            f"landing file {worst['source_file']}, column {worst['column']}",
            found=f"{worst['share']:.0%} of its values are not {kind}",
            expected=f"at most {max_share:.0%} (setting ingest.max_malformed_share)",
            next_step="ask the shop what changed, then correct the declaration in conf/sources",
        )


def _parsed(nested: NestedColumn | None, name: str, kind: str) -> tuple[Column, Column, Column]:
    """A column's value, whether it did not parse, and the shape of what was found."""
    if nested:
        return nested.value, nested.failed, nested.shape
    found = F.col(quoted(name))
    value = F.expr(f"try_cast({quoted(name)} AS {kind})")
    return value, found.isNotNull() & value.isNull(), shape_of(F.substring(found, 1, _SHOWN))


def _is_nested(kind: DataType) -> bool:
    return isinstance(kind, NESTED)


def _is_personal(feed: Feed, name: str) -> bool:
    """Whether an id of a person or an order is made of it: then not even a shape is kept."""
    ids = TARGETS[feed.target].sensitive_names("pseudonym")
    # Within backticks a backtick is doubled.
    written = "|".join(map(re.escape, (name, name.replace("`", "``"))))
    word = re.compile(rf"(?<!\w)(?:{written})(?!\w)", re.IGNORECASE)
    return any(word.search(feed.mapping.get(canonical, "")) for canonical in ids)
