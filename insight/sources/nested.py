"""Arrays and structs within text: JSON whose leaves parse to their types, or are reported."""

from dataclasses import dataclass
from functools import partial

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, MapType, StringType, StructField, StructType

from insight.privacy.free_text import shape_of
from insight.sources.column_names import quoted, sql_of
from insight.sources.parsing import parsable, per_leaf, without_null_texts

_VALUE, _TEXTS, _TORN = "value", "texts", "torn"


@dataclass(frozen=True)
class NestedColumn:
    """A column of a nested type, read in two steps.

    First every leaf is read as text, so that ``"12"`` and ``12`` are the same number, as they
    are in a plain column; then the leaves are parsed, and counted before and after.

    Args:
        name: The column.
        kind: Its type.
        null_texts: Leaves that stand for no value.
        is_placed: Whether a zone is declared for its times.
    """

    name: str
    kind: DataType
    null_texts: tuple[str, ...]
    is_placed: bool

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
    def strictly_read(self) -> Column:
        """What was read loosely, with null for leaves that stand for none, and what can be cast."""
        found = per_leaf(
            self._column[_VALUE],
            self.kind,
            lambda text, _: without_null_texts(text, self.null_texts),
        )
        to_cast = partial(parsable, is_placed=self.is_placed)
        texts = per_leaf(found, self.kind, to_cast)
        return F.struct(found.alias(_VALUE), texts.alias(_TEXTS), self._column[_TORN].alias(_TORN))

    @property
    def value(self) -> Column:
        """The typed value of what was read strictly; a leaf that does not parse is null."""
        return F.expr(f"try_cast({quoted(self.name)}.{_TEXTS} AS {sql_of(self.kind)})")

    @property
    def failed(self) -> Column:
        """Whether anything in it did not parse."""
        read = self._column
        lost = leaves(read[_VALUE], self.kind) != leaves(self.value, self.kind)
        return read.isNotNull() & (read[_TORN].isNotNull() | lost)

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


def leaves(value: Column, kind: DataType) -> Column:
    """Number of leaves that are not null."""
    if isinstance(kind, ArrayType):
        element = kind.elementType
        total = F.aggregate(value, F.lit(0), lambda count, one: count + leaves(one, element))
        return F.coalesce(total, F.lit(0))
    if isinstance(kind, MapType):
        return leaves(F.map_values(value), ArrayType(kind.valueType))
    if isinstance(kind, StructType):
        parts = [leaves(value.getField(field.name), field.dataType) for field in kind.fields]
        return sum(parts, F.lit(0))
    return value.isNotNull().cast("int")
