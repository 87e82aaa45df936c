"""Refuses mappings whose result depends on when, or on which machine, they are computed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pyspark.sql import DataFrame

from insight.errors import SettingsError
from insight.jvm import elements
from insight.sources.parsing import MOMENT

_CLOCKS = ("CurrentTimestamp", "Now", "LocalTimestamp", "CurrentDate", "CurrentTime")

_SESSIONS = ("CurrentUser", "CurrentDatabase", "CurrentCatalog", "CurrentTimeZone")

_SCHEMA_READERS = ("JsonToStructs", "CsvToStructs")
"""They read a text's fields with the types of a schema, as casts do."""

_PARSERS = ("GetTimestamp", "UnixTimestamp", "ToUnixTimestamp")
"""Spark's parsers of times by a pattern. What a pattern lacks is taken from 1970."""

_REPLACEABLE = "org.apache.spark.sql.catalyst.expressions.RuntimeReplaceable"

_TIMES = ("timestamp", "timestamp_ntz", "date")

_OF_TIMES = re.compile(r"timestamp|date|now\(|time\(|current_|from_json|from_csv", re.IGNORECASE)
"""In the text of an expression that may hold one of these."""

_COLUMN = re.compile(r"(?!current_|localtime|(session_)?user\b)[\w.`]*", re.IGNORECASE)
"""An expression that computes nothing. Spark takes ``current_date`` for a call, if no column has
that name."""

_TIME_INSIDE = re.compile(rf"\b({'|'.join(_TIMES)})\b")
"""A time within the name of a type."""

_QUOTED = re.compile(r"'[^']*'")
"""What a pattern of Spark takes literally."""

_WHOLE_MOMENT = re.compile(MOMENT.replace(r"\z", r"\Z"))


def refuse_wall_clock(computed: DataFrame, expressions: Mapping[str, str], *, subject: str) -> None:
    """Refuse expressions whose values another night would compute otherwise.

    Args:
        computed: The expressions, selected.
        expressions: By name, in that order, as they are declared.
        subject: What declares them.

    Raises:
        SettingsError: An expression reads the clock, is random, or completes partial times.
    """
    selected = computed._jdf.queryExecution().analyzed().projectList()
    jvm = cast(Any, computed.sparkSession.sparkContext._jvm)
    for place, (name, sql) in enumerate(expressions.items()):
        if _COLUMN.fullmatch(sql):
            continue
        found, step = _fault_in(jvm, selected.apply(place), sql) or ("", "")
        if found:
            raise SettingsError(
                f"{subject}, {name}",
                found=f"{sql[:200]}, which {found}",
                expected="an expression that gives the same value on every night",
                next_step=f"{step} in conf/sources",
            )


def _fault_in(jvm: Any, expression: Any, sql: str) -> tuple[str, str] | None:
    if not expression.deterministic():
        return "is random, or depends on how rows are divided", "use a column"
    # Each look at a node is a call to the JVM, and few expressions are about times. Spark's text
    # shows casts that are not declared, but none of arrays.
    if not _OF_TIMES.search(f"{sql} {expression.sql()}"):
        return None
    replaceable = jvm.java.lang.Class.forName(_REPLACEABLE)
    faults = (_fault(node) for node in _nodes(expression, replaceable))
    return next((fault for fault in faults if fault), None)


def _nodes(expression: Any, replaceable: Any) -> Iterator[Any]:
    yield expression
    for child in elements(expression.children()):
        yield from _nodes(child, replaceable)
    if replaceable.isInstance(expression):
        # to_timestamp and others stand for casts and parsers, which come to light only here.
        yield from _nodes(expression.replacement(), replaceable)


def _fault(node: Any) -> tuple[str, str] | None:
    """What an expression does that it must not, and what to do instead; None if it is sound."""
    kind = node.getClass().getSimpleName()
    if kind in _CLOCKS:
        return "reads the machine's clock", "use file_date or a column"
    if kind in _SESSIONS:
        return "depends on who runs the night, and where", "use a literal or a column"
    if kind in _SCHEMA_READERS and _TIME_INSIDE.search(node.dataType().simpleString()):
        return "reads texts as times: one without a date would be of today", (
            "declare these fields as string in the schema, and use to_timestamp(text, 'pattern')"
        )
    if kind == "Cast" and _is_of_texts_to_times(node):
        return (
            "casts a text to a time: one without a date would be of today",
            "leave the cast out, or declare the column with that type, or use"
            " to_timestamp(text, 'pattern')",
        )
    if kind in _PARSERS and not _names_a_date(node.right()):
        return (
            "reads a time by a pattern without year, month and day: they would be those of 1970",
            "put date and time together first, and name all three in the pattern",
        )
    return None


def _is_of_texts_to_times(cast: Any) -> bool:
    to, given = cast.dataType().simpleString(), cast.child().dataType().simpleString()
    if to in _TIMES:
        return _is_partial(cast.child())
    return "string" in given and _TIME_INSIDE.search(to) is not None


def _is_partial(text: Any) -> bool:
    if text.dataType().simpleString() != "string":
        return False
    is_literal = text.getClass().getSimpleName() == "Literal" and text.value() is not None
    return not (is_literal and _WHOLE_MOMENT.fullmatch(str(text.value().toString())))


def _names_a_date(pattern: Any) -> bool:
    """Whether a pattern names a day; one that is computed cannot be looked at."""
    if pattern.getClass().getSimpleName() != "Literal":
        return True
    letters = set(_QUOTED.sub("", str(pattern.value().toString())))
    has_day = {"d", "M"} <= letters or {"d", "L"} <= letters or "D" in letters
    return has_day and bool(letters & {"y", "u"})
