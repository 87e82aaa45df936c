"""Landing files as Spark reads them: exactly those that were inspected, values unparsed."""

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from insight.errors import SourceFormatError
from insight.sources.column_names import CORRUPT, quoted
from insight.sources.declaration import Feed
from insight.sources.encodings import REPLACEMENT, holds_replacements
from insight.sources.inspection import FileFacts
from insight.storage import path_of

_GLOB = re.compile(r"[\\{}\[\]*?]")
"""Characters that make a file name a pattern for Spark."""

_TORN = {"csv": "wrong number of fields", "json": "not a JSON object"}


def text_rows(spark: SparkSession, feed: Feed, files: Sequence[FileFacts]) -> DataFrame:
    """Rows of the files with their values unparsed."""
    return reduce(DataFrame.unionByName, _rows_by_header(spark, feed, files))


def _rows_by_header(
    spark: SparkSession, feed: Feed, files: Sequence[FileFacts]
) -> Iterator[DataFrame]:
    """Unparsed rows; CSV by each file's own header, since Spark goes by position alone."""
    groups: dict[tuple[tuple[str, ...], bool, bool], list[str]] = {}
    for fact in files:
        columns = tuple(fact.columns) if feed.format == "csv" else tuple(feed.columns)
        group = (columns, fact.is_linewise, fact.decoding.invalid > 0)
        groups.setdefault(group, []).append(fact.file)
    for (columns, is_linewise, has_invalid), paths in sorted(groups.items()):
        # Names of a file's own, such as one twice in other case, mean nothing to Spark.
        places = {name: f"c{place}" for place, name in enumerate(columns)}
        own = places if feed.format == "csv" else {name: name for name in columns}
        rows = _text_files(spark, feed, paths, tuple(own.values()), in_ranges=is_linewise)
        values = [
            (F.col(quoted(own[name])) if name in own else F.lit(None).cast("string")).alias(name)
            for name in feed.columns
        ]
        torn = F.when(F.col(CORRUPT).isNotNull(), _TORN[feed.format])
        if has_invalid or not holds_replacements(feed.options.encoding):
            there = [F.col(quoted(own[name])) for name in feed.columns if name in own]
            invalid = reduce(or_, (F.contains(v, F.lit(REPLACEMENT)) for v in there), F.lit(False))
            torn = torn.when(invalid, f"not {feed.options.encoding}")
        yield rows.select(*values, torn.alias(CORRUPT), source_file())


def _text_files(
    spark: SparkSession, feed: Feed, files: list[str], columns: Sequence[str], *, in_ranges: bool
) -> DataFrame:
    """What Spark reads of text files: all columns as text, and rows that it cannot read."""
    schema = StructType([StructField(name, StringType()) for name in (*columns, CORRUPT)])
    options = feed.options.of_spark(feed.format)
    options |= {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": CORRUPT}
    if in_ranges:
        # Every line is a row: Spark can read the file in ranges.
        options["multiLine"] = "false"
    reader = spark.read.schema(schema).options(**options)
    paths = [escaped(file) for file in files]
    rows = reader.csv(paths) if feed.format == "csv" else reader.json(paths)
    refuse_other_files(rows, files)
    return rows


def refuse_other_files(rows: DataFrame, files: Sequence[str]) -> None:
    """Refuse other files in Spark's plan than those that were inspected; reads none of them."""
    planned = {path_of(unquote(url)) for url in rows.inputFiles()}
    differing = sorted({path_of(file) for file in files} ^ planned)
    if differing:
        raise SourceFormatError(
            f"landing file {differing[0]}",
            found=f"other files in Spark's plan: it would read {len(planned)} of {len(files)}",
            expected="exactly the files that were inspected",
            next_step="rename the file: Spark passes over its name, or takes it for another one",
        )


def escaped(file: str) -> str:
    """A file's URL that Spark reads as the name of this file alone."""
    return _GLOB.sub(lambda found: f"\\{found[0]}", file)


def source_file() -> Column:
    """The URL of a row's file, as Hadoop prints it."""
    # Spark gives a URL, in which a blank is %20 and a plus is itself.
    url = F.regexp_replace("_metadata.file_path", r"\+", "%2B")
    return F.url_decode(url).alias("source_file")
