"""Row 24: a data file is deleted under a live log."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.contract import audit
from insight.errors import TableDamagedError
from insight.launch import run_stages
from insight.maintenance.stage import MAINTAIN
from insight.stages import Run, Stage
from insight.tables import ITEM_VOCABULARY
from tests.faults.test_fault_01_killed_while_staging import publish
from tests.small_lake import open_night
from tests.vocabulary import FIRST


def _audit(run: Run) -> str | None:
    audit(run.lake.read(ITEM_VOCABULARY), ITEM_VOCABULARY, "table item_vocabulary")
    return None


READER = Stage("reader", reads=(ITEM_VOCABULARY,), writes=(), work=_audit)


def test_fault_24_a_lost_data_file_is_noticed_though_a_count_does_not(
    spark: SparkSession, tmp_path: Path
) -> None:
    publish(open_night(spark, tmp_path, str(FIRST)).lake, 2, 3)
    run = open_night(spark, tmp_path, str(FIRST))
    (lost,) = (tmp_path / "lake" / "item_vocabulary").rglob("run_date=*/*.parquet")
    lost.unlink()
    # Delta answers by the log alone: why nothing here trusts a count.
    assert spark.read.format("delta").load(run.lake.path(ITEM_VOCABULARY)).count() == 2
    for stage in (READER, MAINTAIN):
        with pytest.raises(TableDamagedError, match=lost.name) as refused:
            run_stages((stage,), run)
        assert refused.value.exit_code == 2
        assert "item_vocabulary" in refused.value.subject or stage is READER
        assert "restore the table" in refused.value.next_step
    # What the hint says: the date is run again, and the table is whole.
    publish(open_night(spark, tmp_path, str(FIRST)).lake, 2, 3)
    run_stages((READER, MAINTAIN), open_night(spark, tmp_path, str(FIRST)))
