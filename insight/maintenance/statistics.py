"""Bounds of columns per file, by which queries skip files."""

from insight.stages import Run
from insight.storage import log_of
from insight.tables import Table


def complete_statistics(run: Run, table: Table) -> None:
    """Compute the statistics of a table where a file has none, as after a write by other tools.

    Our own writes bring theirs. Open-source Delta has no SQL for it (``COMPUTE DELTA
    STATISTICS`` is Databricks' alone, and Spark's ANALYZE refuses Delta tables), but the same
    command in Scala. Its commit changes no data.
    """
    jvm = run.spark.sparkContext._jvm
    scala = jvm.org.apache.spark.sql.delta.stats  # type: ignore[union-attr]
    command = getattr(getattr(scala, "StatisticsCollection$"), "MODULE$")
    every_row = getattr(command, "recompute$default$4")()
    every_file = getattr(command, "recompute$default$5")()
    nothing = jvm.scala.Option.empty()  # type: ignore[union-attr]
    delta_log = log_of(run.spark, run.lake.path(table))
    command.recompute(run.spark._jsparkSession, delta_log, nothing, every_row, every_file)
