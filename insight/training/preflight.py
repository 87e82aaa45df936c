"""The contract that training examples must keep before any rank is launched.

Petastorm turns a null into a value, a float into an integer and a struct into nothing without
a word, and reads rows that a deletion vector hides. So all of that is refused here.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.errors import DataQualityError, EmptyInputError, TableContractError
from insight.training.plan import CHECKSUM_MODULUS, HEADS, ReadCount
from insight.training.row_groups import rows_per_group, rows_per_shard, schema_of

LARGEST_IMBALANCE = 1.5
"""The largest share may have so many times the rows of the smallest: the others wait for it."""

FEW_ROWS = 10_000
"""Up to so many rows of a split, unequal files are chance."""

_FILLS_EVERY_FILE = 10
"""Rows per rank from which an empty file is no accident: with two files, the probability that one
stays empty is one in half a million."""

_NUMBERS = ("features", "campaign_context")
LISTS = (*SEQUENCE_INPUTS, *_NUMBERS)
_SCALARS = {
    **{f"{prefix}{head}": pa.float32() for head in HEADS for prefix in ("", "has_")},
    **dict.fromkeys(("next_item", "next_action", "row_checksum"), pa.int64()),
}
_ELEMENTS = {name: pa.int64() if name in SEQUENCE_INPUTS else pa.float32() for name in LISTS}


def refuse_unreadable_properties(subject: str, properties: Mapping[str, str]) -> None:
    """Refuse table properties under which the data files are not the table.

    Args:
        subject: The table, for the error.
        properties: Delta's table properties.

    Raises:
        TableContractError: Deletion vectors or column mapping are on.
    """
    problems = []
    if properties.get("delta.enableDeletionVectors", "false").lower() == "true":
        problems.append(("delta.enableDeletionVectors", "true", "false"))
    if properties.get("delta.columnMapping.mode", "none").lower() != "none":
        mode = properties["delta.columnMapping.mode"]
        problems.append(("delta.columnMapping.mode", mode, "none"))
    if problems:
        name, value, expected = problems[0]
        raise TableContractError(
            subject,
            found=f"{name} = {value}",
            expected=f"{expected}: the tensor reader reads data files as they are",
            next_step="write the table anew by build_examples into a fresh folder, or "
            f"ALTER TABLE ... SET TBLPROPERTIES ('{name}' = '{expected}') and REORG TABLE ... "
            "APPLY (PURGE)",
        )


def refuse_partition_columns(subject: str, partition_by: Sequence[str]) -> None:
    """Refuse what the model reads standing in folders' names, and so in no file.

    Raises:
        TableContractError: The table is partitioned by such a column.
    """
    read = [name for name in partition_by if name in _SCALARS or name in LISTS]
    if read:
        raise TableContractError(
            subject,
            found=f"partitioned by {', '.join(read)}, which the model reads",
            expected="partition columns that no model reads: data files do not hold them",
            next_step="write the table anew by build_examples into a fresh folder",
        )


def refuse_unreadable_schema(subject: str, files: Sequence[str]) -> None:
    """Refuse types that the reader would change or drop.

    Raises:
        TableContractError: A column is missing or of another type in some file.
    """
    for file in files:
        schema = schema_of(file)
        problems = [
            f"{name} is {_found(schema, name)}, not {expected}"
            for name, expected in _SCALARS.items()
            if _found(schema, name) != expected
        ]
        problems += [
            f"{name} is {_found(schema, name)}, not a list of {element}"
            for name, element in _ELEMENTS.items()
            if not _is_list_of(_found(schema, name), element)
        ]
        if problems:
            raise TableContractError(
                f"{subject}, file {file}",
                found="; ".join(problems),
                expected="int64, float32 and lists of these",
                next_step="run build_examples again for this date",
            )


def ranks_for(groups: Mapping[str, Sequence[int]], ranks: int) -> int:
    """How many ranks can share the files: fewer than asked for if a split has few rows.

    Rows fall to files by a hash of their keys. Of many rows every file gets its share; of few, one
    file may get twice as many as another, and of a handful one may get none. That is chance, and
    no damage, so fewer ranks train. Unequal files of many rows, and fewer files than ranks for
    more than a handful, are left to ``refuse_unequal_shards``.

    Args:
        groups: Rows of each row group, by split.
        ranks: Ranks asked for.
    """
    few = [rows for rows in groups.values() if _is_chance(rows, ranks)]
    return next(
        count for count in range(ranks, 0, -1) if all(_is_fair(rows, count) for rows in few)
    )


def _is_chance(groups: Sequence[int], ranks: int) -> bool:
    if len(groups) < ranks:
        return 0 < sum(groups) < _FILLS_EVERY_FILE * ranks
    return 0 < sum(groups) <= FEW_ROWS


def _is_fair(groups: Sequence[int], ranks: int) -> bool:
    if len(groups) < ranks:
        return False
    shares = rows_per_shard(groups, ranks)
    return max(shares) <= LARGEST_IMBALANCE * min(shares)


def refuse_unequal_shards(subject: str, files: Sequence[str], ranks: int) -> int:
    """Refuse files that cannot be shared among the ranks.

    Returns:
        The rows in the files.

    Raises:
        EmptyInputError: There are no rows.
        TableContractError: There are fewer row groups than ranks, or shares are too unequal.
    """
    groups = rows_per_group(files)
    if sum(groups) == 0:
        raise EmptyInputError(
            subject,
            found="no rows",
            expected="at least one for each rank",
            next_step="run build_examples for this date, or choose a date with more history",
        )
    if len(groups) < ranks:
        raise TableContractError(
            subject,
            found=f"{len(groups)} row groups for {ranks} ranks",
            expected="at least one row group for each rank",
            next_step="raise examples.files and run build_examples again, or lower training.ranks",
        )
    shares = rows_per_shard(groups, ranks)
    if max(shares) > LARGEST_IMBALANCE * min(shares):
        raise TableContractError(
            subject,
            found=f"between {min(shares)} and {max(shares)} rows for a rank",
            expected=f"shares that differ at most {LARGEST_IMBALANCE} times",
            next_step="run build_examples again with examples.files a multiple of training.ranks,"
            " and with more of them where a file has several row groups",
        )
    return sum(groups)


def count_examples(examples: DataFrame, subject: str, lengths: Mapping[str, int]) -> ReadCount:
    """Rows and checksums as Spark reads them, in one pass that also refuses broken rows.

    Args:
        examples: One split at the pinned version.
        subject: The split, for the error.
        lengths: The length that every list of a column must have.

    Raises:
        DataQualityError: A value or list element is null, or a list has another length.
    """
    measures = [
        F.count(F.lit(1)).alias("rows"),
        F.sum(F.col("row_checksum").cast("decimal(38,0)")).alias("checksum"),
        *(F.count_if(F.col(name).isNull()).alias(f"null in {name}") for name in _SCALARS),
        *(F.count_if(~_is_whole(name, length)).alias(name) for name, length in lengths.items()),
        *(F.count_if(_has_no_number(name)).alias(f"{name} not finite") for name in _NUMBERS),
    ]
    measured = examples.agg(*measures).first()
    assert measured is not None
    facts = measured.asDict()
    rows, checksum = int(facts.pop("rows")), int(facts.pop("checksum") or 0)
    broken = [f"{count} rows: {rule}" for rule, count in facts.items() if count]
    if broken:
        raise DataQualityError(
            subject,
            found="; ".join(broken),
            expected=f"no nulls, finite numbers, lists of lengths {dict(lengths)}",
            next_step="run build_examples again for this date; nothing was trained",
        )
    return ReadCount(rows, checksum % CHECKSUM_MODULUS)


def refuse_hidden_rows(subject: str, rows_in_files: int, counted: ReadCount) -> None:
    """Refuse files that hold more rows than the table, or fewer.

    Raises:
        DataQualityError: They do, as after a DELETE with deletion vectors.
    """
    if rows_in_files != counted.rows:
        raise DataQualityError(
            subject,
            found=f"{rows_in_files} rows in the data files, {counted.rows} in the table",
            expected="the same number",
            next_step="purge deletion vectors (REORG TABLE ... APPLY (PURGE)) or run "
            "build_examples again",
        )


def _is_whole(name: str, length: int) -> Column:
    whole = (F.size(name) == length) & ~F.exists(name, lambda element: element.isNull())
    return F.coalesce(whole, F.lit(False))


def _has_no_number(name: str) -> Column:
    return F.exists(name, lambda number: F.isnan(number) | (F.abs(number) == float("inf")))


def _found(schema: pa.Schema, name: str) -> pa.DataType | None:
    position = schema.get_field_index(name)
    return schema.field(position).type if position >= 0 else None


def _is_list_of(found: pa.DataType | None, element: pa.DataType) -> bool:
    return found is not None and pa.types.is_list(found) and found.value_type == element
