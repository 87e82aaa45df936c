"""Names of columns in SQL: always quoted, and never two that Spark takes for one."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from insight.sources.misdeclared import Misdeclared

CORRUPT = "_corrupt_row"
"""Column in which Spark keeps a row that it cannot read."""

TORN = "_row"
"""Key of a whole row in ``malformed``, beside the names of columns."""

_INTERNAL = (CORRUPT, TORN, "_metadata", "_taken")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def quoted(name: str) -> str:
    """A name as SQL takes it whole: a dot in it is no path, a backtick no end."""
    escaped = name.replace("`", "``")
    return f"`{escaped}`"


def sql_of(kind: DataType) -> str:
    """A type as SQL, with the names of its fields quoted; ``simpleString`` leaves them bare."""
    if isinstance(kind, ArrayType):
        return f"array<{sql_of(kind.elementType)}>"
    if isinstance(kind, MapType):
        return f"map<{sql_of(kind.keyType)}, {sql_of(kind.valueType)}>"
    if isinstance(kind, StructType):
        fields = ", ".join(f"{quoted(f.name)}: {sql_of(f.dataType)}" for f in kind.fields)
        return f"struct<{fields}>"
    return kind.simpleString()


def equal_but_for_case(names: Iterable[str]) -> list[str]:
    """Names that another one equals if case does not count, in their order."""
    listed = list(names)
    folded = [name.lower() for name in listed]
    return [name for name, low in zip(listed, folded, strict=True) if folded.count(low) > 1]


def refuse_unusable(columns: Mapping[str, str], taken: Sequence[str]) -> None:
    """Raise a Misdeclared if a declared name is blank, taken, or another one's in other case."""
    reserved = {name.lower() for name in (*taken, *_INTERNAL)}
    for name in columns:
        if not name.strip() or _CONTROL.search(name):
            raise Misdeclared("a column needs a name without control characters", "columns", name)
        if name.lower() in reserved:
            raise Misdeclared(f"a column must not be called {name}", "columns", name)
    same = equal_but_for_case(columns)
    if same:
        found = f"columns that differ in case alone, which Spark takes for one: {', '.join(same)}"
        raise Misdeclared(found, "columns", same[-1])
