"""Lines of YAML that would make a declaration fit a file; they quote no value of the file."""

import re
from collections.abc import Iterator, Sequence

import yaml
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import NumericType, StringType, TimestampType

from insight.sources.column_names import quoted
from insight.sources.columns import (
    declared_schema,
    missing_paths,
    nameable_paths,
    parsed_type,
    paths_of,
)
from insight.sources.declaration import Feed
from insight.sources.inspection import FileFacts
from insight.sources.parquet import is_convertible
from insight.sources.parsing import MOMENT, parsable, trimmed
from insight.sources.plain import PlainColumn

_PLACEHOLDERS = (
    *("-", "--", "---", "?", "NA", "na", "n.a.", "N.A.", "none", "NONE", "nil", "NIL"),
    *("unknown", "Unknown", "UNKNOWN", "missing", "empty", "EMPTY", "(none)", "<null>", "[null]"),
    *("#NULL!", "#VALUE!", "#REF!", "#DIV/0!"),
)
"""Texts that are usual for no value. Found in a file they may be named: they are of this list."""

_OTHER_TYPES = ("bigint", "double", "date", "timestamp", "boolean")
"""From narrow to wide."""

_DECIMAL_COMMA = r"\A[+-]?\d+,\d+\z"

_EPOCHS = {10: "timestamp_seconds", 13: "timestamp_millis", 16: "timestamp_micros"}
"""Digits of a time since 1970, in this century, to the function that reads it."""


def column_proposals(facts: FileFacts, feed: Feed) -> Iterator[str]:
    """What to declare of a file's columns: those it lacks, new ones, and those of other types."""
    declared = dict(paths_of(declared_schema(feed)))
    missing = missing_paths(feed, declared, facts.columns)
    if missing:
        yield _yaml("optional", missing)
    new = nameable_paths(feed, declared, facts.columns)
    if new:
        yield _yaml("ignored", new)
    retyped = {
        path: facts.columns[path]
        for path, kind in declared.items()
        if facts.columns.get(path) and not is_convertible(facts.columns[path], kind)
    }
    # A type of Arrow's alone, or of a struct, is none that can be declared.
    named = {path: kind for path, kind in retyped.items() if re.fullmatch(r"[a-z]+", kind)}
    if named:
        yield _yaml("columns", named)


def value_proposals(texts: DataFrame, feed: Feed, columns: Sequence[PlainColumn]) -> Iterator[str]:
    """What to declare of columns whose values do not parse.

    Args:
        texts: The rows of the file, unparsed.
        feed: The declaration.
        columns: Those that do not parse.
    """
    if not columns:
        return
    rows = texts.withColumns({one.to_cast: one.parsable_text for one in columns})
    looks = [look.alias(f"{n}") for n, look in enumerate(map(_looked_at, columns))]
    for column, seen in zip(columns, rows.agg(*looks).first() or (), strict=True):
        if seen["placeholders"]:
            yield _yaml("null_texts", sorted(seen["placeholders"]))
        if seen["failed"]:
            yield from _other_reading(column, seen, feed)


def _looked_at(column: PlainColumn) -> Column:
    """Counts of a column's texts by what else they may be; none of them is kept."""
    text = trimmed(F.col(quoted(column.name)))
    is_placeholder = F.coalesce(text.isin(*_PLACEHOLDERS), F.lit(False))
    failed = column.failed & ~is_placeholder
    rest = text.isNotNull() & ~is_placeholder
    others = [
        F.count_if(rest & parsable(text, parsed_type(kind)).isNull()).alias(kind)
        for kind in _OTHER_TYPES
    ]
    return F.struct(
        F.count_if(failed).alias("failed"),
        F.collect_set(F.when(is_placeholder, text)).alias("placeholders"),
        F.count_if(failed & ~text.rlike(_DECIMAL_COMMA)).alias("no_comma"),
        F.count_if(failed & ~text.rlike(MOMENT)).alias("no_moment"),
        F.min(F.when(failed, F.length(text))).alias("shortest"),
        F.max(F.when(failed, F.length(text))).alias("longest"),
        *others,
    )


def _other_reading(column: PlainColumn, seen: dict[str, int], feed: Feed) -> Iterator[str]:
    name, kind = column.name, column.kind
    if isinstance(kind, NumericType) and not seen["no_comma"]:
        yield _yaml("columns", {name: "string"})
        yield from _mapped(feed, name, "replace({column}, ',', '.')")
    elif isinstance(kind, TimestampType) and column.is_placed and not seen["no_moment"]:
        yield "no `time_zone`: these times say by an offset when they were"
    elif isinstance(kind, TimestampType) and not seen["bigint"]:
        yield _yaml("columns", {name: "bigint"})
        if seen["shortest"] == seen["longest"] and seen["longest"] in _EPOCHS:
            yield from _mapped(feed, name, _EPOCHS[seen["longest"]] + "({column})")
    else:
        fitting = (other for other in _OTHER_TYPES if not seen[other])
        yield _yaml("columns", {name: next(fitting, _TEXT)})


_TEXT = StringType().simpleString()


def _mapped(feed: Feed, name: str, form: str) -> Iterator[str]:
    """The mapping of canonical columns that are the column as it is."""
    column = name if name.isidentifier() else quoted(name)
    plain = [to for to, sql in feed.mapping.items() if sql in (name, quoted(name))]
    if plain:
        yield _yaml("mapping", {to: form.format(column=column) for to in plain})


def _yaml(field: str, value: object) -> str:
    line = yaml.safe_dump({field: value}, default_flow_style=None, allow_unicode=True, width=10_000)
    return line.strip()
