"""Looks at one file through a source's declaration, without writing anything."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.errors import InsightError, SourceFormatError
from insight.privacy.pseudonyms import PseudonymKey
from insight.sources.declaration import ADDED, TARGETS, Feed, Source
from insight.sources.inspection import FileFacts, check_columns, inspect_files
from insight.sources.landing import refuse_unreadable_name
from insight.sources.mapping import FAILED, to_canonical
from insight.sources.patterns import file_patterns
from insight.sources.reading import per_column_malformed_share, read_rows
from insight.storage import path_of

_ANY_KEY = PseudonymKey(secrets.token_bytes(32))
"""Only for looking: nothing is kept, and nobody else can make these pseudonyms."""

_LONGEST = 60
"""Letters of a type or value that are quoted."""

_KEY = "(a: letter, 9: digit)"
"""Beside the shape of a value: the value itself may be anybody's."""

_OUR_OWN = ("source", *(name for name in ADDED if name != "position"), "key_id")
"""Columns of a raw table that no mapping gives."""


@dataclass(frozen=True)
class FeedCheck:
    """What one feed makes of the file.

    Args:
        feed: The feed.
        problems: Why it cannot be read, or what in it did not parse; empty where all is well.
        rows: The canonical rows; None where the file is not one of this feed's.
        notes: What is no mistake by itself: columns that nothing is mapped to, or that are
            empty in every row.
        row_count: Number of canonical rows.
    """

    feed: Feed
    problems: tuple[str, ...]
    rows: DataFrame | None
    notes: tuple[str, ...] = ()
    row_count: int = 0


def check_file(spark: SparkSession, source: Source, file: str, *, read_on: date) -> list[FeedCheck]:
    """Read a file as the feeds whose files it is one of would; as every feed, if it is of none.

    Args:
        spark: The session.
        source: The declaration.
        file: Full URL.
        read_on: The night it would be read on.

    Raises:
        SourceFormatError: No night could read a file of that name.
    """
    refuse_unreadable_name(path_of(file))
    named = [
        feed
        for feed in source.feeds
        if any(pattern.is_end_of(file) for pattern in file_patterns(feed.files))
    ]
    feeds = named or source.feeds
    return [_checked(spark, source.source, feed, file, read_on) for feed in feeds]


def _checked(spark: SparkSession, source: str, feed: Feed, file: str, read_on: date) -> FeedCheck:
    try:
        facts = inspect_files(spark, [file], feed)
        # A new column stops a night, but not a look at what there is beside it.
        check_columns(facts[0], feed, allow_new=True)
        feed.file_dates(file, read_on=read_on)
        rows = read_rows(spark, feed, facts)
        canonical = to_canonical(rows, feed, source=source, key=_ANY_KEY, run_date=read_on)
    except InsightError as error:
        return FeedCheck(feed, (f"{error.found}; expected {error.expected}",), None)
    problems = (*_new_columns(facts[0], feed), *_unparsed(rows, feed), *_failed(canonical, feed))
    total, empty = _emptiness(canonical, feed)
    return FeedCheck(feed, problems, canonical, tuple(_notes(feed, total, empty)), total)


def _new_columns(facts: FileFacts, feed: Feed) -> Iterator[str]:
    try:
        check_columns(facts, feed, allow_new=False)
    except SourceFormatError as error:
        yield f"{error.found}: declare it, or name it under `ignored`"


def _unparsed(rows: DataFrame, feed: Feed) -> Iterator[str]:
    if feed.format == "parquet":
        return
    shares = per_column_malformed_share(rows, feed).where(F.col("share") > 0)
    found = shares.orderBy(F.desc("share"), "column").collect()
    if not found:
        return
    parsed = F.from_json("malformed", "map<string, string>")
    examples = rows.agg(*(F.max(parsed[row["column"]]) for row in found)).first() or ()
    for row, example in zip(found, examples, strict=True):
        share, name = f"{row['share']:.2%}", row["column"]
        if name == "_row":
            yield f"{share} of the rows cannot be read: {example}"
        else:
            kind = _cut(feed.columns[name])
            yield f"{share} of values of {name} are not {kind}, such as {_cut(example)} {_KEY}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _failed(canonical: DataFrame, feed: Feed) -> Iterator[str]:
    """What the mapping could not compute, row by row."""
    named = F.explode(F.map_keys(F.from_json("malformed", "map<string, string>"))).alias("name")
    failed = canonical.select(named).where(F.col("name").startswith(FAILED))
    for row in failed.groupBy("name").count().orderBy(F.desc("count"), "name").collect():
        name = row["name"].removeprefix(FAILED)
        sql = feed.where if name == "where" else feed.mapping[name]
        yield f"in {row['count']:,} rows {name} cannot be computed as {sql}"


def _emptiness(canonical: DataFrame, feed: Feed) -> tuple[int, list[str]]:
    """Number of rows, and the mapped columns that are null in all of them."""
    filled = [F.count(name).alias(name) for name in feed.mapping]
    row = canonical.agg(F.count(F.lit(1)).alias("_rows"), *filled).first()
    counts = {} if row is None else row.asDict()
    total = counts.pop("_rows", 0)
    return total, [name for name, count in counts.items() if total and not count]


def _notes(feed: Feed, total: int, empty: list[str]) -> Iterator[str]:
    if not total:
        yield "the feed takes no row of this file"
    if empty:
        yield f"empty in every row: {', '.join(empty)}"
    names = [column.name for column in TARGETS[feed.target].columns]
    ours = {*_OUR_OWN, "ingest_date", "event_id", "feedback_id", "exposure_id"}
    ours |= {"currency"} if feed.currency else set()
    unmapped = [name for name in names if name not in ours and name not in feed.mapping]
    if unmapped:
        yield f"nothing is mapped to: {', '.join(unmapped)}"
