"""Columns of Parquet files in other types than declared: read as stored, converted without loss.

A file is read in its own types, since Spark reads no integer of 32 bits as one of 64. What
becomes of a value does not depend on the library that wrote it (docs/sources.md).
"""

from collections.abc import Mapping

from pyspark.errors import ParseException
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegralType,
    LongType,
    NumericType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from insight.sources.columns import parsed_type
from insight.sources.parsing import LARGEST_FLOAT

NANOSECONDS = "timestamp[ns"
"""How Arrow names such a type, which Spark reads as a whole number of them."""

NOTHING = "void"
"""The type of a column that is null in every row, as far as its writer knew."""

_READ_AS = {
    "uint8": "smallint",
    "uint16": "int",
    "uint32": "bigint",
    "uint64": "decimal(20,0)",
    "date64[ms]": "date",
}
"""Arrow's types that Spark reads as wider ones of its own."""

_EXACT_IN_DOUBLE, _EXACT_IN_FLOAT = 1 << 53, 1 << 24
"""Every whole number up to these is a number of that type."""


class NanosecondsType(LongType):
    """Nanoseconds since 1970, of which Spark makes no timestamp by itself."""

    @classmethod
    def typeName(cls) -> str:  # noqa: N802 (Spark's name)
        """As Spark reads them."""
        return "long"


def is_convertible(found: str, declared: str) -> bool:
    """Whether values of a file's type can be read as the declared one without being changed.

    Single values may still not fit: those are malformed.

    Args:
        found: As inspection names it, such as ``array<int>`` or ``timestamp[ns]``.
        declared: As ``paths_of`` names it.
    """
    while _is_array(found) and _is_array(declared):
        found, declared = _element(found), _element(declared)
    if found in (declared, NOTHING):
        return True
    if "struct" in (found, declared):
        return False
    stored = _stored_leaf(found)
    return stored is not None and _fits(stored, parsed_type(declared))


def stored_schema(declared: StructType, found: Mapping[str, str], prefix: str = "") -> StructType:
    """The declared columns and fields in a file's types, without those that hold nothing."""
    fields = []
    for field in declared.fields:
        path = f"{prefix}{field.name}"
        kind = _stored(field.dataType, found.get(path, NOTHING), found, path)
        if kind is not None:
            fields.append(StructField(field.name, kind))
    return StructType(fields)


def convertible(value: Column, stored: DataType, declared: DataType) -> Column:
    """The value as stored; null where a cast to the declared type would change it.

    Args:
        value: A column, field or element.
        stored: Its type.
        declared: The type it is to be cast to, with ``try_cast``.
    """
    if isinstance(stored, ArrayType) and isinstance(declared, ArrayType):
        inner, outer = stored.elementType, declared.elementType
        return F.transform(value, lambda one: convertible(one, inner, outer))
    if isinstance(stored, StructType) and isinstance(declared, StructType):
        kinds = {field.name: field.dataType for field in stored.fields}
        fields = [
            convertible(value.getField(field.name), kinds[field.name], field.dataType)
            if field.name in kinds
            else F.lit(None).cast(field.dataType)
            for field in declared.fields
        ]
        named = [one.alias(name) for one, name in zip(fields, declared.names, strict=True)]
        return F.when(value.isNotNull(), F.struct(*named))
    return _unchanged(value, stored, declared)


def _stored(kind: DataType, found: str, columns: Mapping[str, str], path: str) -> DataType | None:
    if _is_array(found) and isinstance(kind, ArrayType):
        element = _stored(kind.elementType, _element(found), columns, path)
        return None if element is None else ArrayType(element)
    if found == NOTHING:
        return None
    if isinstance(kind, StructType):
        return stored_schema(kind, columns, f"{path}.")
    return kind if found == kind.simpleString() else _stored_leaf(found) or kind


def _stored_leaf(found: str) -> DataType | None:
    """The type in which Spark reads a file's leaf; None if Spark has none for it."""
    if found.startswith(NANOSECONDS):
        return NanosecondsType()
    try:
        return parsed_type(_READ_AS.get(found, found))
    except ParseException:
        # Arrow's own, such as time64[us].
        return None


def _fits(stored: DataType, declared: DataType) -> bool:
    if isinstance(stored, NanosecondsType | TimestampType | DateType):
        return isinstance(declared, TimestampType | DateType)
    if isinstance(stored, IntegralType) and isinstance(declared, StringType):
        return True
    return isinstance(stored, NumericType) and isinstance(declared, NumericType)


def _unchanged(value: Column, stored: DataType, declared: DataType) -> Column:
    if isinstance(stored, NanosecondsType):
        # Downwards, before 1970 too. A double would not hold the number.
        whole = value - F.pmod(value, F.lit(1000))
        moment = F.timestamp_micros(F.call_function("div", whole, F.lit(1000)))
        return _unchanged(moment, TimestampType(), declared)
    if isinstance(stored, TimestampType) and isinstance(declared, DateType):
        return F.when(F.date_trunc("day", value) == value, value)
    if isinstance(stored, IntegralType) and isinstance(declared, DoubleType | FloatType):
        exact = _EXACT_IN_FLOAT if isinstance(declared, FloatType) else _EXACT_IN_DOUBLE
        return F.when(value.between(-exact, exact), value)
    if isinstance(stored, DoubleType | DecimalType) and isinstance(declared, FloatType):
        return F.when(F.abs(value) <= LARGEST_FLOAT, value)
    if isinstance(stored, DoubleType | FloatType | DecimalType) and isinstance(
        declared, IntegralType | DecimalType
    ):
        scale = declared.scale if isinstance(declared, DecimalType) else 0
        return F.when(F.round(value, scale) == value, value)
    return value


def _is_array(kind: str) -> bool:
    return kind.startswith("array<")


def _element(kind: str) -> str:
    return kind[len("array<") : -1]
