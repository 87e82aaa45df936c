"""Row 27: somebody switches on what the tensor reader cannot see through."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import TableContractError
from insight.tables import TRAINING_EXAMPLES
from insight.training.inputs import read_inputs
from tests.faults.test_fault_26_vacuum_during_a_pinned_read import NIGHT, publish_examples
from tests.small_lake import open_night

COLUMN_MAPPING = (
    "'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5', "
    "'delta.columnMapping.mode' = 'name'"
)


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ("'delta.enableDeletionVectors' = 'true'", "delta.enableDeletionVectors = true"),
        (COLUMN_MAPPING, "delta.columnMapping.mode = name"),
    ],
)
def test_fault_27_training_is_refused_before_launch_with_the_fix(
    spark: SparkSession, tmp_path: Path, properties: str, named: str
) -> None:
    run = open_night(spark, tmp_path, str(NIGHT))
    publish_examples(run, seed=0)
    table = f"delta.`{run.lake.path(TRAINING_EXAMPLES)}`"
    spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ({properties})")
    run.lake.begin_stage([TRAINING_EXAMPLES])
    with pytest.raises(TableContractError, match=named) as refused:
        read_inputs(run, ranks=2)
    assert "SET TBLPROPERTIES" in refused.value.next_step
    assert refused.value.exit_code == 2
