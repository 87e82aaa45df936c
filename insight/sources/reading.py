"""From a feed's files to rows as declared: typed, what did not parse told, nothing lost."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from insight.errors import SourceFormatError
from insight.sources.columns import NESTED, declared_schema
from insight.sources.declaration import Feed
from insight.sources.inspection import FileFacts
from insight.sources.malformed import what_is_kept, with_malformed
from insight.sources.nested import NestedColumn
from insight.sources.parquet import stored_schema
from insight.sources.parsing import without_null_texts
from insight.sources.plain import PlainColumn
from insight.sources.stored import as_declared

TextReader = Callable[[Feed, Sequence[FileFacts]], DataFrame]
"""Text files to rows of unparsed values."""

_CORRUPT = "_corrupt_row"
_GLOB = re.compile(r"[\\{}\[\]*?]")
"""Characters that make a file name a pattern for Spark."""
_AS_STORED = {"datetimeRebaseMode": "CORRECTED", "int96RebaseMode": "CORRECTED"}
"""Old dates as they are: other writers than Spark never used its former calendar."""
_TORN = {"csv": "wrong number of fields", "json": "not a JSON object"}


@contextmanager
def text_reader(spark: SparkSession) -> Iterator[TextReader]:
    """Give a reader of text files that parses a file once while the block runs.

    The check of a feed's types, the write, and other feeds of the same files use the same rows.
    """
    held: dict[tuple[object, ...], DataFrame] = {}

    def read_text(feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
        options = tuple(sorted(feed.options.items()))
        form = (feed.format, options, feed.nulls, tuple(feed.columns))
        key = (*form, tuple(fact.file for fact in files))
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
    the country's. A row with too few or too many fields keeps none of its values.
    """
    if feed.format == "parquet":
        return reduce(DataFrame.unionByName, _stored_rows(spark, feed, files))
    text = read_text(feed, files) if read_text else text_rows(spark, feed, files)
    plain, nested = text_columns(feed)
    loose = text.withColumns({one.name: one.loosely_read(feed.options) for one in nested})
    strict = loose.withColumns({one.name: one.strictly_read for one in nested})
    rows = strict.withColumns({one.to_cast: one.parsable_text for one in plain})
    columns: dict[str, PlainColumn | NestedColumn] = {one.name: one for one in plain}
    columns |= {one.name: one for one in nested}
    whole = F.col(_CORRUPT).isNull()
    values = {name: F.when(whole, columns[name].value) for name in feed.columns}
    failed = [
        F.when(whole & columns[name].failed, what_is_kept(feed, columns[name])).alias(name)
        for name in feed.columns
    ]
    torn = F.when(~whole, _TORN[feed.format]).alias("_row")
    return with_malformed(rows, values, [*failed, torn])


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
    names = [*feed.columns, "_row"]
    counts = rows.groupBy("source_file").agg(
        F.count(F.lit(1)).alias("rows"),
        *(F.count_if(parsed[name].isNotNull()).alias(name) for name in names),
    )
    pairs = ", ".join(f"'{name}', `{name}`" for name in names)
    stacked = counts.select("source_file", "rows", F.expr(f"stack({len(names)}, {pairs})"))
    return stacked.select(
        "source_file", F.col("col0").alias("column"), (F.col("col1") / F.col("rows")).alias("share")
    )


def refuse_retyped_columns(rows: DataFrame, feed: Feed, *, max_share: float) -> None:
    """Stop when a column has plainly changed its type.

    Raises:
        SourceFormatError: More than ``max_share`` of a file's values in a column do not parse.
    """
    shares = per_column_malformed_share(rows, feed).where(F.col("share") > max_share).collect()
    if shares:
        worst = min(shares, key=lambda row: (-row["share"], row["source_file"], row["column"]))
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
        groups.setdefault(stored.json(), (stored, []))[1].append(_escaped(fact.file))
    for _, (stored, paths) in sorted(groups.items()):
        rows = spark.read.schema(stored).options(**_AS_STORED).parquet(*paths)
        yield as_declared(rows.select(*_quoted(stored.names), _source_file()), stored, feed)


def text_rows(spark: SparkSession, feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
    """Rows of the files with their values unparsed, null where a text stands for none."""
    rows = reduce(DataFrame.unionByName, _rows_by_header(spark, feed, files))
    known = {n: without_null_texts(F.col(f"`{n}`"), feed.nulls) for n in feed.columns}
    return rows.withColumns(known)


def _rows_by_header(
    spark: SparkSession, feed: Feed, files: Sequence[FileFacts]
) -> Iterator[DataFrame]:
    """Unparsed rows; CSV by each file's own header, since Spark goes by position alone."""
    groups: dict[tuple[tuple[str, ...], bool], list[str]] = {}
    for fact in files:
        columns = tuple(fact.columns) if feed.format == "csv" else tuple(feed.columns)
        groups.setdefault((columns, fact.is_linewise), []).append(_escaped(fact.file))
    for (columns, is_linewise), paths in sorted(groups.items()):
        schema = ", ".join(f"`{name}` string" for name in (*columns, _CORRUPT))
        options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _CORRUPT, **feed.options}
        if is_linewise:
            # Every line is a row: Spark can read the file in ranges.
            options["multiLine"] = "false"
        reader = spark.read.schema(schema).options(**options)
        rows = reader.csv(paths) if feed.format == "csv" else reader.json(paths)
        absent = [
            F.lit(None).cast("string").alias(name) for name in feed.columns if name not in columns
        ]
        there = _quoted(name for name in feed.columns if name in columns)
        yield rows.select(*there, *absent, _CORRUPT, _source_file())


def _escaped(file: str) -> str:
    """A file's URL that Spark reads as the name of this file alone."""
    return _GLOB.sub(lambda found: f"\\{found[0]}", file)


def _quoted(names: Iterable[str]) -> list[str]:
    """A name with a dot in it is no path to a field."""
    return [f"`{name}`" for name in names]


def _source_file() -> Column:
    # Spark gives a URL, in which a blank is %20 and a plus is itself.
    url = F.regexp_replace("_metadata.file_path", r"\+", "%2B")
    return F.url_decode(url).alias("source_file")
