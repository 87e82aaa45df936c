"""Looks at one file through a source's declaration, without writing anything."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.errors import InsightError, SourceFormatError
from insight.privacy.pseudonyms import PseudonymKey
from insight.settings import IngestSettings
from insight.sources.column_names import TORN
from insight.sources.crowds import per_crowded_delivery
from insight.sources.declaration import ADDED, TARGETS, Feed
from insight.sources.findings import Finding, findings
from insight.sources.inspection import FileFacts, check_columns, inspect_files
from insight.sources.landing import refuse_unreadable_name
from insight.sources.mapping import FAILED, to_canonical
from insight.sources.patterns import file_patterns
from insight.sources.proposals import column_proposals, value_proposals
from insight.sources.reading import holds_declared_types, known_texts, read_rows, text_columns
from insight.sources.source import Source
from insight.storage import path_of
from insight.tables import RAW_EVENTS

_ANY_KEY = PseudonymKey(secrets.token_bytes(32))
"""Only for looking: nothing is kept, and nobody else can make these pseudonyms."""

_SETTINGS = IngestSettings()

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
        proposals: Lines of YAML to add to the feed, or to put in place of those there are.
    """

    feed: Feed
    problems: tuple[str, ...]
    rows: DataFrame | None
    notes: tuple[str, ...] = ()
    row_count: int = 0
    proposals: tuple[str, ...] = ()


def check_file(
    spark: SparkSession,
    source: Source,
    file: str,
    *,
    read_on: date,
    settings: IngestSettings = _SETTINGS,
) -> list[FeedCheck]:
    """Read a file as the feeds whose files it is one of would; as every feed, if it is of none.

    Args:
        spark: The session.
        source: The declaration.
        file: Full URL.
        read_on: The night it would be read on.
        settings: What a night would warn of.

    Raises:
        SourceFormatError: No night could read a file of that name.
    """
    refuse_unreadable_name(path_of(file))
    look = _Look(spark, source.source, file, read_on, settings)
    named = [feed for feed in source.feeds if _is_named(feed, file)]
    checks = [_checked(look, feed) for feed in named or source.feeds]
    if named:
        return checks
    note = "no feed's pattern matches the name: a night would pass over the file"
    return [replace(check, notes=(*check.notes, note)) for check in checks]


def _is_named(feed: Feed, file: str) -> bool:
    """Whether the feed's pattern matches the file, or the folder that Spark wrote it into."""
    folder = file.rpartition("/")[0]
    return any(
        pattern.is_end_of(path) for pattern in file_patterns(feed.files) for path in (file, folder)
    )


@dataclass(frozen=True)
class _Look:
    """What is looked at: the fields are arguments of ``check_file``."""

    spark: SparkSession
    source: str
    file: str
    read_on: date
    settings: IngestSettings


def _checked(look: _Look, feed: Feed) -> FeedCheck:
    proposals: tuple[str, ...] = ()
    try:
        facts = inspect_files(look.spark, [look.file], feed)
        proposals = () if facts[0].problem else tuple(column_proposals(facts[0], feed))
        # A new column stops a night, but not a look at what there is beside it.
        check_columns(facts[0], feed, allow_new=True)
        feed.file_dates(look.file, read_on=look.read_on)
        rows = read_rows(look.spark, feed, facts)
        canonical = to_canonical(
            rows, feed, source=look.source, key=_ANY_KEY, run_date=look.read_on
        )
    except InsightError as error:
        text = f"{error.found}; expected {error.expected}; next: {error.next_step}"
        return FeedCheck(feed, (text,), None, proposals=proposals)
    found = () if holds_declared_types(feed, facts) else findings(rows, feed)
    problems = (
        *_new_columns(facts[0], feed),
        *_undecodable(facts[0], feed),
        *(_unparsed(finding, feed) for finding in found),
        *_failed(canonical, feed),
    )
    total, empty = _emptiness(canonical, feed)
    notes = (*_notes(feed, total, empty), *_crowds(canonical, feed, total, look.settings))
    proposals += tuple(_for_values(look.spark, feed, facts, found))
    return FeedCheck(feed, problems, canonical, notes, total, proposals)


def _new_columns(facts: FileFacts, feed: Feed) -> Iterator[str]:
    try:
        check_columns(facts, feed, allow_new=False)
    except SourceFormatError as error:
        yield f"{error.found}: declare it, or name it under `ignored`"


def _undecodable(facts: FileFacts, feed: Feed) -> Iterator[str]:
    if facts.decoding.invalid:
        yield f"{facts.decoding.described(feed.options.encoding)}: {facts.decoding.remedy}"


def _unparsed(finding: Finding, feed: Feed) -> str:
    share, row = f"{finding.share:.2%}", f"first in row {finding.first_row:,}"
    if finding.column == TORN:
        return f"{share} of the rows cannot be read, {row}: {finding.shape}"
    kind, shape = _cut(feed.columns[finding.column]), _cut(finding.shape)
    return f"{share} of values of {finding.column} are not {kind}, {row}, such as {shape} {_KEY}"


def _for_values(
    spark: SparkSession, feed: Feed, facts: Sequence[FileFacts], found: Sequence[Finding]
) -> Iterator[str]:
    if feed.format == "parquet":
        return
    names = {finding.column for finding in found}
    plain = [column for column in text_columns(feed)[0] if column.name in names]
    yield from value_proposals(known_texts(spark, feed, facts), feed, plain)


def _crowds(
    canonical: DataFrame, feed: Feed, total: int, settings: IngestSettings
) -> Iterator[str]:
    if feed.target != RAW_EVENTS.name or total < settings.crowd_min_events:
        return
    for row in per_crowded_delivery(canonical, settings).collect():
        yield (
            f"one customer id holds {row['crowd_share']:.1%} of the events: if it is no"
            " customer's, name it under `null_customer_ids`"
        )


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
