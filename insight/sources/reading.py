"""From a feed's files to rows as declared: typed, what did not parse told, nothing lost."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from insight.errors import SourceFormatError
from insight.sources.column_names import CORRUPT, TORN, quoted
from insight.sources.columns import NESTED, declared_schema
from insight.sources.declaration import Feed
from insight.sources.inspection import FileFacts
from insight.sources.malformed import what_is_kept, with_malformed
from insight.sources.nested import NestedColumn
from insight.sources.parquet import stored_schema
from insight.sources.parsing import without_null_texts
from insight.sources.plain import PlainColumn
from insight.sources.spark_files import escaped, refuse_other_files, source_file, text_rows
from insight.sources.stored import as_declared
from insight.storage import path_of

TextReader = Callable[[Feed, Sequence[FileFacts]], DataFrame]
"""Text files to rows of unparsed values."""

_AS_STORED = {"datetimeRebaseMode": "CORRECTED", "int96RebaseMode": "CORRECTED"}
"""Old dates as they are: other writers than Spark never used its former calendar."""


@contextmanager
def text_reader(spark: SparkSession) -> Iterator[TextReader]:
    """Give a reader of text files that parses a file once while the block runs.

    The check of a feed's types, the write, and other feeds of the same files use the same rows.
    """
    held: dict[tuple[object, ...], DataFrame] = {}

    def read_text(feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
        names = tuple(fact.file for fact in files)
        key = (feed.format, feed.options, feed.nulls, tuple(feed.columns), names)
        if key not in held:
            # In memory alone: customers' own ids are not to reach a disk. What does not fit is
            # parsed again.
            held[key] = known_texts(spark, feed, files).persist(StorageLevel.MEMORY_ONLY)
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
    if feed.format == "parquet":
        return reduce(DataFrame.unionByName, _stored_rows(spark, feed, files))
    text = read_text(feed, files) if read_text else known_texts(spark, feed, files)
    plain, nested = text_columns(feed)
    options = feed.options.of_nested_json()
    loose = text.withColumns({one.name: one.loosely_read(options) for one in nested})
    strict = loose.withColumns({one.name: one.strictly_read for one in nested})
    rows = strict.withColumns({one.to_cast: one.parsable_text for one in plain})
    columns: dict[str, PlainColumn | NestedColumn] = {one.name: one for one in plain}
    columns |= {one.name: one for one in nested}
    whole = F.col(CORRUPT).isNull()
    values = {name: F.when(whole, columns[name].value) for name in feed.columns}
    failed = [
        F.when(whole & columns[name].failed, what_is_kept(feed, columns[name])).alias(name)
        for name in feed.columns
    ]
    return with_malformed(rows, values, [*failed, F.col(CORRUPT).alias(TORN)])


def text_columns(feed: Feed) -> tuple[list[PlainColumn], list[NestedColumn]]:
    """How the columns of a feed's text files are read: those of plain types, and the others."""
    is_placed = feed.time_zone != "UTC"
    plain, nested = [], []
    for field in declared_schema(feed):
        name, kind = field.name, field.dataType
        if isinstance(kind, NESTED):
            nested.append(NestedColumn(name, kind, feed.nulls, is_placed))
        else:
            plain.append(PlainColumn(name, kind, is_placed))
    return plain, nested


def holds_declared_types(feed: Feed, files: Sequence[FileFacts]) -> bool:
    """Whether no value can fail to parse: Parquet files whose types are the declared ones."""
    if feed.format != "parquet":
        return False
    schema = declared_schema(feed)
    kinds = {field.name: field.dataType for field in schema}
    return all(
        field.dataType == kinds[field.name]
        for fact in files
        for field in stored_schema(schema, fact.columns)
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
    """Stop when a column has plainly changed its type, or a file's rows are not read.

    Args:
        rows: Rows as ``read_rows`` gives them.
        feed: The feed.
        max_share: Largest share of unparsable values.
        files: The files that the rows are of, to be checked for rows.

    Raises:
        SourceFormatError: More than ``max_share`` of a file's values in a column do not parse, or
            a file is not empty and has no rows.
    """
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


def _stored_rows(
    spark: SparkSession, feed: Feed, files: Sequence[FileFacts]
) -> Iterator[DataFrame]:
    """Rows of Parquet files, those of equal types together."""
    schema = declared_schema(feed)
    groups: dict[str, tuple[StructType, list[str]]] = {}
    for fact in files:
        stored = stored_schema(schema, fact.columns)
        groups.setdefault(stored.json(), (stored, []))[1].append(fact.file)
    for _, (stored, paths) in sorted(groups.items()):
        reader = spark.read.schema(stored).options(**_AS_STORED)
        rows = reader.parquet(*map(escaped, paths))
        refuse_other_files(rows, paths)
        read = rows.select(*map(quoted, stored.names), source_file())
        yield as_declared(read, stored, feed)


def known_texts(spark: SparkSession, feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
    """Rows of text files with their values unparsed, null where a text stands for none."""
    known = {n: without_null_texts(F.col(quoted(n)), feed.nulls) for n in feed.columns}
    return text_rows(spark, feed, files).withColumns(known)
