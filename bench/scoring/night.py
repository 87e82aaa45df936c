"""A night's customers and champion, with each customer several times over."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyspark.sql import functions as F

from insight.launch import open_run
from insight.registry import Registry
from insight.registry.version import ModelVersion
from insight.scoring.carrying import with_state
from insight.scoring.stage import customers_of
from insight.settings import load_settings
from insight.spark import build_session
from insight.stages import Run

COPIES, FILES = 8, 8


@dataclass(frozen=True)
class Night:
    """What is scored.

    Args:
        run: Of the night.
        champion: Of its date.
        folder: Parquet files of what the score stage reads.
    """

    run: Run
    champion: ModelVersion
    folder: Path


def read_night(profile: str, day: date, folder: Path) -> Night:
    """Write the night's customers to a folder, so that reading them is all that comes before."""
    run = open_run(build_session("bench-scoring"), load_settings(profile), day)
    run.lake.begin_stage()
    copies = run.spark.range(COPIES).withColumnRenamed("id", "_copy")
    many = with_state(customers_of(run), run).crossJoin(copies)
    named = many.withColumn("customer_id", F.concat_ws("-", "customer_id", "_copy")).drop("_copy")
    named.repartition(FILES).write.parquet(str(folder))
    return Night(run, Registry(run.settings.registry).champion(day), folder)
