"""Columns by path: ``items.price`` is the field of a struct, or of each element of an array."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

import pyarrow as pa
from pyspark.errors import ParseException, PySparkTypeError
from pyspark.sql.pandas.types import from_arrow_type
from pyspark.sql.types import (
    ArrayType,
    DataType,
    MapType,
    StructField,
    StructType,
    _parse_datatype_string,
)

from insight.errors import SettingsError
from insight.sources.declaration import Feed
from insight.sources.null_texts import BLANKS

_IDENTIFIER = re.compile(r"[^\W\d](?:(?!\d{4})[\w .:$-]){0,63}")
"""A column's name: few characters, and no digits in a row as in ids, dates and numbers."""

_MOST_PLACES = 10

_UNNAMED = "(unnamed "

NESTED = (ArrayType, MapType, StructType)


def declared_schema(feed: Feed) -> StructType:
    """The feed's columns with their Spark types.

    Raises:
        SettingsError: A type is not one of Spark's.
    """
    fields = []
    for name, kind in feed.columns.items():
        try:
            fields.append(StructField(name, parsed_type(kind)))
        except ParseException as error:
            raise SettingsError(
                f"{feed.place_of('columns', name)}, column {name}",
                found=f"the type {kind!r}",
                expected="a type of Spark SQL, such as bigint or array<struct<id: string>>",
                next_step="correct it in conf/sources",
            ) from error
    return StructType(fields)


def paths_of(schema: StructType, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every column and nested field: its path, and its type with structs left open."""
    for field in schema.fields:
        kind: DataType = field.dataType
        depth = 0
        while isinstance(kind, ArrayType):
            kind, depth = kind.elementType, depth + 1
        path = f"{prefix}{field.name}"
        if isinstance(kind, StructType):
            yield path, _in_arrays("struct", depth)
            yield from paths_of(kind, f"{path}.")
        else:
            yield path, _in_arrays(kind.simpleString(), depth)


def arrow_paths_of(fields: Iterator[pa.Field], prefix: str = "") -> Iterator[tuple[str, str]]:
    """As ``paths_of``, of an Arrow schema."""
    for field in fields:
        kind, depth = field.type, 0
        while _is_list(kind):
            kind, depth = kind.value_type, depth + 1
        path = f"{prefix}{field.name}"
        if pa.types.is_struct(kind):
            yield path, _in_arrays("struct", depth)
            yield from arrow_paths_of(iter(kind), f"{path}.")
        else:
            yield path, _in_arrays(_spark_type(kind), depth)


def json_paths(value: object, kind: DataType, prefix: str = "") -> Iterator[str]:
    """Paths of the keys in a JSON value, as deep as its declaration goes."""
    if isinstance(kind, ArrayType) and isinstance(value, list):
        for element in value:
            yield from json_paths(element, kind.elementType, prefix)
    elif isinstance(kind, StructType) and isinstance(value, dict):
        known = {field.name: field.dataType for field in kind.fields}
        for key, inner in value.items():
            yield f"{prefix}{key}"
            if key in known:
                yield from json_paths(inner, known[key], f"{prefix}{key}.")


def missing_paths(feed: Feed, declared: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Declared paths that a file lacks.

    A struct's fields can be asked for only where the file holds such a struct: one that is
    null in every row has no keys in JSON.
    """
    parents = {path.rpartition(".")[0] for path in found}
    return [
        path
        for path in declared
        if path not in found
        and not _matches(path, feed.optional)
        and (path in feed.columns or path.rpartition(".")[0] in parents)
    ]


def new_paths(feed: Feed, declared: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """A file's paths that are neither declared nor ignored; of a new struct, only itself."""
    return [
        path
        for path in found
        if path not in declared
        and not _matches(path, feed.ignored)
        and not ("." in path and path.rpartition(".")[0] in found.keys() - declared.keys())
    ]


def named(header: str, place: int) -> str:
    """A CSV column's name. One without a header is named by its place, counted from 1.

    pandas writes its index under no name, and a separator at a line's end makes one more column.
    """
    return header if header.strip(BLANKS) else f"{_UNNAMED}{place})"


def nameable_paths(feed: Feed, declared: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """A file's new columns that can be named without telling what stands in a row.

    The first line of a file without a header is a row of data, and so may be the keys of a JSON
    object. A name is repeated only if half of the file's columns are known and it looks like an
    identifier. A column without a name is called by its position.
    """
    # A pattern that every name matches says nothing of what names look like.
    ignored = tuple(pattern for pattern in feed.ignored if pattern.strip("*"))
    known = sum(path in declared or _matches(path, ignored) for path in found)
    has_header = 2 * known >= len(found)
    new = new_paths(feed, declared, found)
    return [path for path in new if _is_unnamed(path) or (has_header and _is_identifier(path))]


def new_columns(feed: Feed, declared: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Describe a file's new columns, by name only if it is certain to be a name."""
    new = new_paths(feed, declared, found)
    names = nameable_paths(feed, declared, found)
    unnamed = [place for place, path in enumerate(found, 1) if path in new and _is_unnamed(path)]
    others = [place for place, path in enumerate(found, 1) if path in new and path not in names]
    described = [f"a new column {path}" for path in names if not _is_unnamed(path)]
    if unnamed:
        described.append(f"{_counted(unnamed)} without a name, at position {_shown(unnamed)}")
    if others:
        count = _counted(others)
        described.append(f"{count} without a declared name, at position {_shown(others)}")
    return described


def _counted(places: list[int]) -> str:
    return f"{len(places)} column{'s' if len(places) > 1 else ''}"


def _shown(places: list[int]) -> str:
    shown = ", ".join(map(str, places[:_MOST_PLACES]))
    return f"{shown}, ..." if len(places) > _MOST_PLACES else shown


def _is_unnamed(path: str) -> bool:
    return path.startswith(_UNNAMED)


@lru_cache
def parsed_type(kind: str) -> DataType:
    """The type of that name. Spark is asked once per type: for many columns it takes seconds."""
    return _parse_datatype_string(kind)


def _is_identifier(path: str) -> bool:
    return _IDENTIFIER.fullmatch(path) is not None


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _in_arrays(kind: str, depth: int) -> str:
    return "array<" * depth + kind + ">" * depth


def _spark_type(kind: pa.DataType) -> str:
    """The type as Spark names it; as Arrow does where Spark has no such type."""
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return str(kind)
    try:
        return from_arrow_type(kind).simpleString()
    except PySparkTypeError:
        return str(kind)
