"""Text columns of a plain type, such as a number or a time."""

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType

from insight.privacy.free_text import shape_of
from insight.sources.column_names import quoted, sql_of
from insight.sources.malformed import LONGEST_SHAPE
from insight.sources.parsing import parsable


@dataclass(frozen=True)
class PlainColumn:
    """A column whose texts are held against the forms of its type, and then cast.

    Args:
        name: The column.
        kind: Its type.
        is_placed: Whether a zone is declared for its times.
    """

    name: str
    kind: DataType
    is_placed: bool

    @property
    def to_cast(self) -> str:
        """The name under which ``parsable_text`` is to be selected beside the column."""
        return f"{self.name}#to_cast"

    @property
    def parsable_text(self) -> Column:
        """What of the column's texts can be cast."""
        return parsable(self._column, self.kind, is_placed=self.is_placed)

    @property
    def value(self) -> Column:
        """The typed value; null for a text that does not parse."""
        if isinstance(self.kind, StringType):
            return self._column
        return F.expr(f"try_cast({quoted(self.to_cast)} AS {sql_of(self.kind)})")

    @property
    def failed(self) -> Column:
        """Whether there is a text that does not parse."""
        return self._column.isNotNull() & self.value.isNull()

    @property
    def shape(self) -> Column:
        """The text's form without its content."""
        return shape_of(F.substring(self._column, 1, LONGEST_SHAPE))

    @property
    def _column(self) -> Column:
        return F.col(quoted(self.name))
