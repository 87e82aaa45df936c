"""Holds frames against the contracts of their tables."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, StructType

from insight.errors import DataQualityError, EmptyInputError, TableContractError
from insight.tables import Table
from insight.uniqueness import per_repeated_value

NOTHING = (0, f"{0:016x}")
"""What an audit says of no rows."""

_LOW = 2**32 - 1
_LARGE = 1_000_000
"""Rows from which on it pays to hash keys before they are counted."""

_SMALL = 100_000
"""Rows up to which it pays to count distinct keys in the pass that looks at all columns."""


def conform(frame: DataFrame, table: Table) -> DataFrame:
    """Exactly the table's columns, in its order.

    Raises:
        TableContractError: Columns are missing, extra or of another type.
    """
    have = {entry.name: _plain(entry.dataType) for entry in frame.schema}
    want = {entry.name: _plain(entry.dataType) for entry in table.schema}
    problems = [f"{name} missing" for name in want if name not in have]
    problems += [f"{name} not promised" for name in have if name not in want]
    problems += [
        f"{name} is {have[name]}, not {kind}"
        for name, kind in want.items()
        if name in have and have[name] != kind
    ]
    if problems:
        raise TableContractError(
            f"table {table.name}",
            found="; ".join(problems),
            expected=f"exactly the columns of insight/tables/{table.name}.py",
            next_step="mend the stage that writes it, or the contract",
        )
    return frame.select(*want)


def audit(
    staged: DataFrame, table: Table, subject: str, *, where: str = "true", size: int | None = None
) -> tuple[int, str]:
    """Prove a staged frame against its contract by reading every column of every row.

    Args:
        staged: The rows, with exactly the table's columns.
        table: What they must be.
        subject: What an error is about.
        where: What must hold for every row besides.
        size: About how many rows there are, if that is known: few take one pass instead of two.

    Returns:
        The number of rows, and an order-free hash of their content.

    Raises:
        TableContractError: A null where none may be, a broken check, a key twice.
    """
    count_keys = bool(table.key) and size is not None and size <= _SMALL
    rows, keys, content, broken = _measured(staged, table, where, count_keys=count_keys)
    if table.key and not broken and keys != rows:
        repeated = _repeated_key(staged, table, rows)
        if repeated is not None:
            # Values would reach the logs, the run log and the report.
            broken = [f"a key ({', '.join(table.key)}) {repeated} times"]
    if broken:
        raise TableContractError(
            subject,
            found="; ".join(broken),
            expected=f"what insight/tables/{table.name}.py promises",
            next_step="find the stage that made these rows; nothing was published",
        )
    return rows, content


def refuse_other_number(written: int, wanted: int | str, subject: str) -> None:
    """Hold the number of staged rows against how many there must be.

    Args:
        written: Staged rows.
        wanted: A number, "some" or "any".
        subject: What an error is about.

    Raises:
        EmptyInputError: There are none.
        DataQualityError: There are more, or less.
    """
    if wanted == "some" and not written:
        raise EmptyInputError(
            subject,
            found="no rows",
            expected="at least one",
            next_step="check the input of this date; nothing was published",
        )
    if isinstance(wanted, int) and written != wanted:
        raise DataQualityError(
            subject,
            found=f"{written} rows written",
            expected=f"{wanted}: those that came less those refused",
            next_step="report it with the night's quarantine: a rule has lost or doubled rows;"
            " nothing was published",
        )


def _repeated_key(staged: DataFrame, table: Table, rows: int) -> int | None:
    """Rows of the first key found to repeat; None if every key is unique.

    In large tables only keys whose hashes repeat are counted.
    """
    if rows >= _LARGE:
        hashed = F.xxhash64(*table.key)
        suspects = per_repeated_value(staged.select(hashed.alias("value")))
        staged = staged.join(F.broadcast(suspects), hashed == F.col("value"), how="left_semi")
    repeated = staged.groupBy(*table.key).count().where("count > 1").first()
    return None if repeated is None else int(repeated["count"])


def _measured(
    staged: DataFrame, table: Table, where: str, *, count_keys: bool
) -> tuple[int, int | None, str, list[str]]:
    """Rows, distinct keys if asked for, content hash and broken promises, in one pass."""
    nulls = [
        F.count_if(F.col(column.name).isNull()).alias(f"null in {column.name}")
        for column in table.columns
        if not column.nullable
    ]
    conditions = {f"{check.name} broken": check.condition for check in table.checks}
    checks = [
        # As Delta does: a check that comes out as NULL is broken.
        F.count_if(~F.coalesce(F.expr(condition), F.lit(False))).alias(rule)
        for rule, condition in (conditions | {f"{where} not true": where}).items()
    ]
    # A sum of row hashes is the same in any order, and a row that is there twice shows. In two
    # halves, for a sum of whole ones overflows, and one of decimals takes longer than the hashes.
    row = F.xxhash64(*table.column_names)
    halves = (F.sum(F.shiftright(row, 32)).alias("high"), F.sum(row.bitwiseAND(_LOW)).alias("low"))
    # As a struct, because counting by several columns leaves out keys with a null in them.
    keys = [F.count_distinct(F.struct(*table.key)).alias("keys")] if count_keys else []
    count = F.count(F.lit(1)).alias("rows")
    measured = staged.agg(count, *keys, *halves, *nulls, *checks).first()
    assert measured is not None
    facts = measured.asDict()
    rows, distinct = int(facts.pop("rows")), facts.pop("keys", None)
    total = (int(facts.pop("high") or 0) << 32) + int(facts.pop("low") or 0)
    broken = [f"{count} rows with {rule}" for rule, count in facts.items() if count]
    return rows, distinct, f"{total & (2**64 - 1):016x}", broken


def _plain(kind: DataType) -> str:
    """A type's name without nullability, which Spark infers and Parquet forgets."""
    if isinstance(kind, ArrayType):
        return f"array<{_plain(kind.elementType)}>"
    if isinstance(kind, StructType):
        return f"struct<{','.join(f'{e.name}:{_plain(e.dataType)}' for e in kind)}>"
    return kind.simpleString()
