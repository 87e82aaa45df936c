"""Frames of rows that the driver already holds.

``SparkSession.createDataFrame`` sends Python rows through a Python worker whenever the frame is
read. Reading two rows then takes 0.4 s; from the plan, where this module puts them, 0.04 s.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.pandas.serializers import ArrowStreamSerializer
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import (
    ArrayType,
    DataType,
    StructType,
    _make_type_verifier,
    _parse_datatype_string,
)

LocalRow = Row | Mapping[str, Any] | tuple[Any, ...]


def local_frame(
    session: SparkSession, rows: Iterable[LocalRow], schema: StructType | str
) -> DataFrame:
    """Return a frame whose rows are part of the plan, so that reading them runs no job.

    Args:
        session: The Spark session.
        rows: Tuples in the order of the schema, or rows or mappings by column name, in which a
            missing column is null. Structs inside them may be any of these. Times without a
            zone are UTC.
        schema: Column names and types, or their DDL; without maps.

    Raises:
        ValueError: A row has other columns than the schema, or a null where it allows none.
        TypeError: A value is of another type than its column.
    """
    kind = _parsed(schema) if isinstance(schema, str) else schema
    verify = _make_type_verifier(kind)
    values = [_by_name(row, kind) for row in rows]
    for value in values:
        # Arrow would cut off decimals, and takes nulls anywhere.
        verify(value)
    table = pa.Table.from_pylist(values, schema=to_arrow_schema(kind))
    jvm: Any = session._jvm
    batches = session.sparkContext._serialize_to_jvm(
        table.to_batches(),
        ArrowStreamSerializer(),
        jvm.PythonSQLUtils.readArrowStreamFromFile,
        jvm.ArrowIteratorServer,
    )
    plan = jvm.PythonSQLUtils.toDataFrame(batches, kind.json(), session._jsparkSession)
    return DataFrame(plan, session)


@lru_cache
def _parsed(ddl: str) -> StructType:
    kind = _parse_datatype_string(ddl)
    if not isinstance(kind, StructType):
        raise ValueError(f"schema {ddl!r}: found one type, expected columns with their types")
    return kind


def _by_name(value: Any, kind: DataType) -> Any:
    """The value in the form that Arrow takes for the type."""
    if value is None:
        return None
    if isinstance(kind, StructType):
        return _struct(value, kind)
    if isinstance(kind, ArrayType) and isinstance(kind.elementType, StructType | ArrayType):
        return [_by_name(element, kind.elementType) for element in value]
    return value


def _struct(value: LocalRow, kind: StructType) -> dict[str, Any]:
    if isinstance(value, Row) and hasattr(value, "__fields__"):
        value = value.asDict()
    if not isinstance(value, Mapping):
        value = dict(zip(kind.names, value, strict=True))
    if unknown := value.keys() - set(kind.names):
        raise ValueError(f"row: found column {min(unknown)}, expected only {kind.names}")
    return {field.name: _by_name(value.get(field.name), field.dataType) for field in kind}
