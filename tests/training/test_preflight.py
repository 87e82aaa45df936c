import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from insight.encoding.tasks import CONTEXT_WIDTH
from insight.errors import DataQualityError, EmptyInputError, TableContractError
from insight.local_frames import local_frame
from insight.tables import TRAINING_EXAMPLES
from insight.training.plan import ReadCount
from insight.training.preflight import (
    FEW_ROWS,
    count_examples,
    ranks_for,
    refuse_hidden_rows,
    refuse_partition_columns,
    refuse_unequal_shards,
    refuse_unreadable_properties,
    refuse_unreadable_schema,
)
from insight.training.reader import COLUMNS
from tests.training.examples import LENGTH, WIDTH, example_columns, write_file, write_split

LENGTHS = {
    "item_indices": LENGTH,
    "type_indices": LENGTH,
    "gap_indices": LENGTH,
    "price_indices": LENGTH,
    "features": WIDTH,
    "campaign_context": CONTEXT_WIDTH,
}


@pytest.mark.parametrize(
    ("name", "value"),
    [("delta.enableDeletionVectors", "true"), ("delta.columnMapping.mode", "name")],
)
def test_what_the_reader_cannot_see_through_is_refused_with_the_fix(name, value):
    with pytest.raises(TableContractError, match=f"{name} = {value}.*SET TBLPROPERTIES"):
        refuse_unreadable_properties("table training_examples", {name: value})


def test_plain_properties_pass():
    refuse_unreadable_properties("t", {"delta.columnMapping.mode": "none"})


def test_what_the_model_reads_may_not_stand_in_folders_names():
    refuse_partition_columns("t", TRAINING_EXAMPLES.partition_by)
    with pytest.raises(TableContractError, match="partitioned by next_item, which the model reads"):
        refuse_partition_columns("t", ["split", "next_item"])


def test_files_as_promised_pass(tmp_path):
    files = write_split(tmp_path, [10, 10, 11, 9])
    refuse_unreadable_schema("t", files)
    assert refuse_unequal_shards("t", files, 2) == 40


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("next_item", pa.array([1.5, 2.0])),
        ("purchase", pa.array([0.0, 1.0])),
        ("item_indices", pa.array([[1], [2]], pa.list_(pa.int32()))),
        ("features", pa.array([{"a": 1.0}, {"a": 2.0}])),
    ],
)
def test_types_that_the_reader_would_change_are_refused(tmp_path, name, values):
    write_file(tmp_path / "a.parquet", example_columns(2))
    table = pq.read_table(tmp_path / "a.parquet")
    table = table.set_column(table.column_names.index(name), name, values)
    pq.write_table(table, tmp_path / "b.parquet")
    with pytest.raises(TableContractError, match=f"b.parquet.*{name}"):
        refuse_unreadable_schema("t", [(tmp_path / "b.parquet").as_uri()])


def test_fault_06_shares_of_1010_and_10_rows_are_refused_before_launch(tmp_path):
    files = write_split(tmp_path, [1010, 10])
    with pytest.raises(TableContractError, match="between 10 and 1010 rows"):
        refuse_unequal_shards("t", files, 2)


def test_fault_07_more_ranks_than_row_groups_are_refused_before_launch(tmp_path):
    files = write_split(tmp_path, [5, 5])
    with pytest.raises(TableContractError, match=r"2 row groups for 3 ranks.*examples\.files"):
        refuse_unequal_shards("t", files, 3)


@pytest.mark.parametrize(
    ("groups", "ranks"),
    [
        # Equal files, and the least that are equal enough.
        ({"train": [10, 10, 10, 10], "validation": [6, 4]}, 2),
        # Forty customers: rows fall to files by hash, and one rank would get twice as many.
        ({"train": [12, 5, 11, 6], "validation": [6, 4]}, 1),
        ({"train": [10, 10, 10, 10], "validation": [9, 4]}, 1),
        ({"train": [10, 10, 10, 10], "validation": [3]}, 1),
        # One file of more than a handful was written so, and is refused elsewhere.
        ({"train": [10, 10, 10, 10], "validation": [20]}, 2),
        # No rows, and unequal files of many rows, are refused elsewhere.
        ({"train": [10, 10], "validation": []}, 2),
        ({"train": [FEW_ROWS, 1]}, 2),
    ],
)
def test_few_rows_are_shared_by_as_many_ranks_as_get_equal_parts(groups, ranks):
    assert ranks_for(groups, 2) == ranks


def test_of_three_ranks_two_may_be_possible():
    assert ranks_for({"train": [4, 4, 4, 4]}, 3) == 2


def test_no_rows_are_refused():
    with pytest.raises(EmptyInputError, match="no rows"):
        refuse_unequal_shards("t", [], 2)


def test_rows_hidden_by_deletion_vectors_are_found():
    with pytest.raises(DataQualityError, match="31 rows in the data files, 30 in the table"):
        refuse_hidden_rows("t", 31, ReadCount(30, 0))


def test_spark_counts_rows_and_checksums(spark, tmp_path):
    columns = example_columns(20)
    write_file(tmp_path / "a.parquet", columns)
    counted = count_examples(spark.read.parquet(str(tmp_path)), "t", LENGTHS)
    assert counted == ReadCount.of(columns["row_checksum"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("CAST(NULL AS FLOAT) AS purchase", "1 rows: null in purchase"),
        ("slice(item_indices, 1, 2) AS item_indices", "1 rows: item_indices"),
        ("transform(gap_indices, x -> IF(x > 0, NULL, x)) AS gap_indices", "1 rows: gap_indices"),
        ("transform(features, x -> CAST('NaN' AS FLOAT)) AS features", "features not finite"),
        (
            "transform(campaign_context, x -> CAST('-Infinity' AS FLOAT)) AS campaign_context",
            "campaign_context not finite",
        ),
    ],
)
def test_nulls_ragged_lists_and_infinity_are_refused(spark, tmp_path, change, message):
    write_file(tmp_path / "a.parquet", example_columns(1))
    rows = spark.read.parquet(str(tmp_path))
    name = change.rsplit(" ", 1)[1]
    broken = rows.drop(name).join(rows.selectExpr(change), how="cross")
    with pytest.raises(DataQualityError, match=message):
        count_examples(broken, "t", LENGTHS)


def test_the_checksum_of_numpy_and_spark_agree_on_overflow(spark):
    top = 2**63 - 1
    rows = [{**_row(), "row_checksum": top}, {**_row(), "row_checksum": top}]
    counted = count_examples(local_frame(spark, rows, _SCHEMA), "t", LENGTHS)
    assert counted == ReadCount.of(np.array([top, top])) == ReadCount(2, 2**64 - 2)


_READ = [column for column in TRAINING_EXAMPLES.columns if column.name in COLUMNS]
_SCHEMA = ", ".join(f"{column.name} {column.type}" for column in _READ)


def _row() -> dict[str, object]:
    nothing = {"bigint": 0, "float": 0.0, "array<bigint>": [0], "array<float>": [0.0]}
    return {
        column.name: nothing[column.type] * LENGTHS[column.name]
        if column.name in LENGTHS
        else nothing[column.type]
        for column in _READ
    }
