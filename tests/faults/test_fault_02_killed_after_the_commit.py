"""Row 2: the driver is killed after the commit, before it could report success."""

from pathlib import Path

from pyspark.sql import SparkSession

from insight.tables import ITEM_VOCABULARY
from tests.faults.test_fault_01_killed_while_staging import (
    publish,
    publish_in_a_process_that_dies,
)
from tests.small_lake import content, open_night
from tests.vocabulary import FIRST


def test_fault_02_a_rerun_after_a_commit_that_nobody_heard_of_changes_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    publish(open_night(spark, tmp_path, str(FIRST)).lake, 2, 3)
    publish_in_a_process_that_dies(tmp_path, "after_the_commit")
    run = open_night(spark, tmp_path, str(FIRST))
    before = content(run, ITEM_VOCABULARY)
    items = [row["item_id"] for row in run.lake.read(ITEM_VOCABULARY).collect()]
    assert sorted(items) == ["item 4", "item 5"]
    publish(run.lake, 4, 5)
    assert content(run, ITEM_VOCABULARY) == before
