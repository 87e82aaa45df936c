"""Arrays and structs within text: JSON whose leaves parse to their types, or are reported."""

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StringType, StructField, StructType

from insight.privacy.free_text import shape_of
from insight.sources.column_names import quoted, sql_of

_VALUE, _TORN = "value", "torn"


@dataclass(frozen=True)
class NestedColumn:
    """A column of a nested type, read in two steps.

    First every leaf is read as text, so that ``"12"`` and ``12`` are the same number, as they
    are in a plain column; then the leaves are cast, and counted before and after.

    Args:
        name: The column.
        kind: Its type.
    """

    name: str
    kind: DataType

    def loosely_read(self, options: dict[str, str]) -> Column:
        """The JSON text with all its leaves as text, to be selected under the same name."""
        schema = StructType(
            [StructField(_VALUE, _with_text_leaves(self.kind)), StructField(_TORN, StringType())]
        )
        wrapped = F.concat(F.lit(f'{{"{_VALUE}":'), self._column, F.lit("}"))
        # Spark names a row whose form is wrong only at the top of what it reads.
        told = {**options, "mode": "PERMISSIVE", "columnNameOfCorruptRecord": _TORN}
        return F.from_json(wrapped, schema, told)

    @property
    def value(self) -> Column:
        """The typed value of what was read loosely; a leaf that does not parse is null."""
        return F.expr(f"try_cast({quoted(self.name)}.{_VALUE} AS {sql_of(self.kind)})")

    @property
    def failed(self) -> Column:
        """Whether anything in it did not parse."""
        loose = self._column
        lost = _leaves(loose[_VALUE], self.kind) != _leaves(self.value, self.kind)
        return loose.isNotNull() & (loose[_TORN].isNotNull() | lost)

    @property
    def shape(self) -> Column:
        """JSON of the declared fields, each leaf as its shape; a value may be personal."""
        return F.to_json(_shapes(self._column[_VALUE], self.kind))

    @property
    def _column(self) -> Column:
        return F.col(quoted(self.name))


def _with_text_leaves(kind: DataType) -> DataType:
    if isinstance(kind, ArrayType):
        return ArrayType(_with_text_leaves(kind.elementType))
    if isinstance(kind, MapType):
        return MapType(StringType(), _with_text_leaves(kind.valueType))
    if isinstance(kind, StructType):
        return StructType([StructField(f.name, _with_text_leaves(f.dataType)) for f in kind.fields])
    return StringType()


def _shapes(value: Column, kind: DataType) -> Column:
    """The value with every leaf as its shape; a map's keys are data, and only counted."""
    if isinstance(kind, ArrayType):
        element = kind.elementType
        return F.transform(value, lambda one: _shapes(one, element))
    if isinstance(kind, MapType):
        return _shapes(F.map_values(value), ArrayType(kind.valueType))
    if isinstance(kind, StructType):
        fields = [_shapes(value.getField(f.name), f.dataType).alias(f.name) for f in kind.fields]
        return F.when(value.isNotNull(), F.struct(*fields))
    return shape_of(value)


def _leaves(value: Column, kind: DataType) -> Column:
    """Number of leaves that are not null."""
    if isinstance(kind, ArrayType):
        element = kind.elementType
        total = F.aggregate(value, F.lit(0), lambda count, one: count + _leaves(one, element))
        return F.coalesce(total, F.lit(0))
    if isinstance(kind, MapType):
        return _leaves(F.map_values(value), ArrayType(kind.valueType))
    if isinstance(kind, StructType):
        parts = [_leaves(value.getField(field.name), field.dataType) for field in kind.fields]
        return sum(parts, F.lit(0))
    return value.isNotNull().cast("int")
