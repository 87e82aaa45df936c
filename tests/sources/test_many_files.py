"""A night of many small files takes as many queries as a night of one."""

from pathlib import Path

from pyspark.sql import SparkSession

from insight.sources.inspection import inspect_files
from insight.sources.mapping import to_canonical
from insight.sources.reading import read_rows, refuse_retyped_columns
from tests.sources.feeds import DAY, KEY, feed_with

FEED = feed_with(format="csv", options={"header": "true"}, columns={"item": "int"})


def test_three_hundred_files_are_read_in_a_few_jobs(spark: SparkSession, tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number}.csv").write_text(f"item\n{number}\n")
    files = [f"file:{path}" for path in tmp_path.iterdir()]
    spark.sparkContext.setJobGroup("many files", "")
    try:
        facts = inspect_files(spark, files, FEED)
        rows = read_rows(spark, FEED, facts)
        refuse_retyped_columns(rows, FEED, max_share=0.0)
        canonical = to_canonical(rows, FEED, source="shop", key=KEY, run_date=DAY)
        assert canonical.select("item_id", "source_file").distinct().count() == 300
    finally:
        jobs = spark.sparkContext.statusTracker().getJobIdsForGroup("many files")
        spark.sparkContext.setJobGroup("", "")
    assert len(jobs) <= 10
