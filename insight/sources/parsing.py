r"""Which texts stand for a value, and which for none: one rule per type, documented for shops.

Spark's own casts guess. They read ``2024`` as January 1, ``18:00`` as a time of today, by the
machine's clock, ``12F`` as 12 and ``0x1p3`` as 8. Here a text is held against the forms of its
type first; Spark only ever casts a text that can mean one thing (docs/sources.md).
"""

import re
import sys
from collections.abc import Callable, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BooleanType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    MapType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from insight.sources.null_texts import BLANKS

_NUMBER = r"\A[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\z"
_WHOLE_NUMBER = r"\A[+-]?\d+(?:\.0*)?\z"
_DATE = r"\d{4}-\d{1,2}-\d{1,2}"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_ZONE = r" ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_MIDNIGHT = r"[T ]0?0:00(?::00(?:[.,]0{1,9})?)?Z?"

_DATE_ALONE = rf"\A{_DATE}(?:{_MIDNIGHT})?\z"
_WALL_CLOCK_TIME = rf"\A{_DATE}(?:[T ]{_CLOCK})?\z"
MOMENT = rf"\A{_DATE}(?:[T ]{_CLOCK}(?:{_ZONE})?)?\z"
"""A date, with a time of day or without, the time with an offset or without."""

_WITHOUT_SECONDS = r"\A([^:]+:\d{2})(?=\z|[^:\d])"

Leafwise = Callable[[Column, DataType], Column]
"""A leaf and its declared type to what stands in its place."""

LARGEST_FLOAT = 3.4028234663852886e38
"""Of 32 bits; a larger number would become infinite."""


def trimmed(text: Column) -> Column:
    """The text without blanks around it, those of Unicode among them."""
    return F.btrim(text, F.lit(BLANKS))


def without_null_texts(text: Column, null_texts: Sequence[str]) -> Column:
    """The text as it is; null if it is blank or, but for blanks around it, stands for no value."""
    return F.when(~text.rlike(_any_of(null_texts)), text)


def without_null_leaves(value: Column, kind: DataType, null_texts: Sequence[str]) -> Column:
    """A typed value with null for each text in it that stands for none."""
    if "string" not in kind.simpleString():
        return value

    def known(leaf: Column, leaf_kind: DataType) -> Column:
        is_text = isinstance(leaf_kind, StringType)
        return without_null_texts(leaf, null_texts) if is_text else leaf

    return per_leaf(value, kind, known)


def parsable(text: Column, kind: DataType, *, is_placed: bool = False) -> Column:
    """What Spark casts to exactly the value that the text means; null if it means none.

    The cast may still fail: a pattern knows no calendar, and no bounds of a type.

    Args:
        text: As delivered; blanks around it mean nothing.
        kind: A type without fields or elements; a type without a rule is left to Spark.
        is_placed: Whether a zone is declared for times. One with an offset says already when it
            was, and would be moved twice.
    """
    value = trimmed(text)
    if isinstance(kind, IntegralType):
        return F.when(value.rlike(_WHOLE_NUMBER), F.substring_index(value, ".", 1))
    if isinstance(kind, DoubleType | FloatType):
        number = F.when(value.rlike(_NUMBER), value)
        largest = LARGEST_FLOAT if isinstance(kind, FloatType) else sys.float_info.max
        return F.when(F.abs(number.cast("double")) <= largest, number)
    if isinstance(kind, DecimalType):
        return F.when(value.rlike(_decimal(kind.scale)), value)
    if isinstance(kind, BooleanType):
        word = F.lower(value)
        return F.when(word.isin("true", "false"), word)
    if isinstance(kind, DateType):
        return F.when(value.rlike(_DATE_ALONE), F.regexp_extract(value, _DATE, 0))
    if isinstance(kind, TimestampType | TimestampNTZType):
        has_offsets = isinstance(kind, TimestampType) and not is_placed
        form = MOMENT if has_offsets else _WALL_CLOCK_TIME
        with_point = F.translate(value, ",", ".")
        with_seconds = F.regexp_replace(with_point, _WITHOUT_SECONDS, "$1:00")
        return F.when(value.rlike(form), with_seconds)
    return text


def typed(text: Column, kind: DataType, *, is_placed: bool = False) -> Column:
    """The text's value, within an attempt: a text that means none fails, null stays null."""
    refused = F.raise_error(F.lit(f"a text that is not {kind.simpleString()}"))
    value = F.coalesce(parsable(text, kind, is_placed=is_placed), refused)
    return F.when(text.isNotNull(), value.cast(kind))


def per_leaf(value: Column, kind: DataType, change: Leafwise) -> Column:
    """A nested value with every leaf of it changed; its arrays and structs stay.

    Args:
        value: The value.
        kind: The declared type; its leaves are what ``change`` is told.
        change: Gives a leaf for a leaf and its declared type.
    """
    if isinstance(kind, ArrayType):
        element = kind.elementType
        return F.transform(value, lambda one: per_leaf(one, element, change))
    if isinstance(kind, MapType):
        of_map = kind.valueType
        return F.transform_values(value, lambda _, one: per_leaf(one, of_map, change))
    if isinstance(kind, StructType):
        fields = [
            per_leaf(value.getField(field.name), field.dataType, change).alias(field.name)
            for field in kind.fields
        ]
        return F.when(value.isNotNull(), F.struct(*fields))
    return change(value, kind)


def _any_of(null_texts: Sequence[str]) -> str:
    """One pattern: a list of literals would be one call to the JVM for each, in every column."""
    blanks = "[" + "".join(f"\\x{{{ord(blank):x}}}" for blank in BLANKS) + "]*+"
    words = "|".join(re.escape(text.strip(BLANKS)) for text in null_texts)
    return rf"\A{blanks}(?:{words})?{blanks}\z"


def _decimal(scale: int) -> str:
    """No digit is cut off: behind the declared ones stand zeros alone."""
    if not scale:
        return _WHOLE_NUMBER
    return rf"\A[+-]?(?:\d+(?:\.\d{{0,{scale}}}0*)?|\.\d{{1,{scale}}}0*)\z"
