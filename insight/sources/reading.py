"""From a feed's files to rows as declared: typed, what did not parse told, nothing lost."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType

from insight.errors import SourceFormatError
from insight.privacy.free_text import shape_of
from insight.sources.columns import NESTED, declared_schema
from insight.sources.declaration import TARGETS, Feed
from insight.sources.inspection import FileFacts
from insight.sources.nested import NestedColumn

TextReader = Callable[[Feed, Sequence[FileFacts]], DataFrame]
"""Text files to rows of unparsed values."""

_CORRUPT = "_corrupt_row"
_GLOB = re.compile(r"[\\{}\[\]*?]")
"""Characters that make a file name a pattern for Spark."""
_REDACTED = "<redacted>"
_SHOWN = 200
"""Longest shape in a message, in characters of the value."""
_TORN = {"csv": "wrong number of fields", "json": "not a JSON object"}


@contextmanager
def text_reader(spark: SparkSession) -> Iterator[TextReader]:
    """Give a reader of text files that parses a file once while the block runs.

    The check of a feed's types, the write, and other feeds of the same files use the same rows.
    """
    held: dict[tuple[object, ...], DataFrame] = {}

    def read_text(feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
        options = tuple(sorted(feed.options.items()))
        key = (feed.format, options, tuple(feed.columns), tuple(fact.file for fact in files))
        if key not in held:
            # In memory alone: customers' own ids are not to reach a disk. What does not fit is
            # parsed again.
            held[key] = _text_rows(spark, feed, files).persist(StorageLevel.MEMORY_ONLY)
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
    schema = declared_schema(feed)
    if feed.format == "parquet":
        rows = spark.read.schema(schema).parquet(*(_escaped(fact.file) for fact in files))
        nothing = F.lit(None).cast("string").alias("malformed")
        return rows.select(*_quoted(feed.columns), _source_file(), nothing)
    text = read_text(feed, files) if read_text else _text_rows(spark, feed, files)
    nested = {f.name: NestedColumn(f.name, f.dataType) for f in schema if _is_nested(f.dataType)}
    loose = text.withColumns({name: n.loosely_read(feed.options) for name, n in nested.items()})
    whole = F.col(_CORRUPT).isNull()
    values, failed = {}, []
    for name, kind in feed.columns.items():
        values[name], bad, found = _parsed(nested.get(name), name, kind)
        shape = F.lit(_REDACTED) if _is_personal(feed, name) else F.substring(found, 1, _SHOWN)
        failed.append(F.when(whole & bad, F.coalesce(shape, F.lit(_REDACTED))).alias(name))
    malformed = F.to_json(F.struct(*failed, F.when(~whole, _TORN[feed.format]).alias("_row")))
    return loose.select(
        *(F.when(whole, value).alias(name) for name, value in values.items()),
        "source_file",
        F.when(malformed != "{}", malformed).alias("malformed"),
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
    """Stop when a text column has plainly changed its type.

    Raises:
        SourceFormatError: More than ``max_share`` of a file's values in a column do not parse.
    """
    if feed.format == "parquet":
        return
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


def _parsed(nested: NestedColumn | None, name: str, kind: str) -> tuple[Column, Column, Column]:
    """A column's value, whether it did not parse, and the shape of what was found."""
    if nested:
        return nested.value, nested.failed, nested.shape
    found = F.col(f"`{name}`")
    value = F.expr(f"try_cast(`{name}` AS {kind})")
    return value, found.isNotNull() & value.isNull(), shape_of(F.substring(found, 1, _SHOWN))


def _text_rows(spark: SparkSession, feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
    """Rows of the files with their values unparsed."""
    return reduce(DataFrame.unionByName, _rows_by_header(spark, feed, files))


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


def _is_nested(kind: DataType) -> bool:
    return isinstance(kind, NESTED)


def _is_personal(feed: Feed, name: str) -> bool:
    """Whether an id of a person or an order is made of it: then not even a shape is kept."""
    ids = TARGETS[feed.target].sensitive_names("pseudonym")
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
    return any(word.search(feed.mapping.get(canonical, "")) for canonical in ids)


def _source_file() -> Column:
    # Spark gives a URL, in which a blank is %20 and a plus is itself.
    url = F.regexp_replace("_metadata.file_path", r"\+", "%2B")
    return F.url_decode(url).alias("source_file")
