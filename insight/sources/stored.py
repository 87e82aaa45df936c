"""Columns of Parquet files, in their own types or in the declared ones, to rows as declared."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StructType

from insight.privacy.free_text import shape_of
from insight.sources.column_names import quoted, sql_of
from insight.sources.columns import declared_schema
from insight.sources.declaration import Feed
from insight.sources.malformed import what_is_kept, with_malformed
from insight.sources.nested import leaves
from insight.sources.parquet import convertible
from insight.sources.parsing import without_null_leaves


@dataclass(frozen=True)
class StoredColumn:
    """A column in another type than declared.

    Args:
        name: The column.
        stored: Its type in the file.
        kind: The declared type.
    """

    name: str
    stored: DataType
    kind: DataType

    @property
    def to_cast(self) -> str:
        """The name under which ``convertible_value`` is to be selected beside the column."""
        return f"{self.name}#to_cast"

    @property
    def convertible_value(self) -> Column:
        """What of the column a cast leaves as it is."""
        return convertible(self._column, self.stored, self.kind)

    @property
    def value(self) -> Column:
        """The value in the declared type; null, or with null within, where it does not fit."""
        return F.expr(f"try_cast({quoted(self.to_cast)} AS {sql_of(self.kind)})")

    @property
    def failed(self) -> Column:
        """Whether anything in it does not fit."""
        return leaves(self._column, self.stored) != leaves(self.value, self.kind)

    @property
    def shape(self) -> Column:
        """A plain value's form without its content."""
        if isinstance(self.stored, ArrayType | StructType):
            return F.lit(None).cast("string")
        return shape_of(self._column.cast("string"))

    @property
    def _column(self) -> Column:
        return F.col(quoted(self.name))


def as_declared(rows: DataFrame, stored: StructType, feed: Feed) -> DataFrame:
    """Rows in the declared types; what does not fit one is null and told in ``malformed``.

    Args:
        rows: Rows of files as stored, with ``source_file``.
        stored: Their columns. Those that are declared and missing hold nothing.
        feed: The declaration.
    """
    kinds = {field.name: field.dataType for field in stored}
    schema = declared_schema(feed)
    changed = {
        field.name: StoredColumn(field.name, kinds[field.name], field.dataType)
        for field in schema
        if field.name in kinds and kinds[field.name] != field.dataType
    }
    wide = rows.withColumns({one.to_cast: one.convertible_value for one in changed.values()})
    values = {}
    for field in schema:
        value = F.lit(None).cast(field.dataType)
        if field.name in kinds:
            value = F.col(quoted(field.name))
        if field.name in changed:
            value = changed[field.name].value
        values[field.name] = without_null_leaves(value, field.dataType, feed.nulls)
    failed = [F.when(one.failed, what_is_kept(feed, one)).alias(n) for n, one in changed.items()]
    return with_malformed(wide, values, failed)
