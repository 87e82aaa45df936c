"""``python -m bench.lake.product``: nights of the product in one process, its CPU by stage."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from bench.lake.shop import bench_settings
from bench.meter import Meter
from insight.delta import Commit, Lake
from insight.events.stage import CLEAN
from insight.features.stage import BUILD_FEATURES
from insight.launch import open_run
from insight.logs import configure_logs
from insight.sessions.stage import SESSIONISE
from insight.sources.stage import INGEST
from insight.spark import build_session
from insight.stages import StageRecord, run_stage
from insight.tables import Table

MEASURED = ("clean", "sessionise", "build_features")
STAGES = {stage.name: stage for stage in (INGEST, CLEAN, SESSIONISE, BUILD_FEATURES)}


def main() -> int:
    """Run the stages of every night in order; each is accounted as ``home=date/stage``."""
    configure_logs()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", required=True, help="home=date, with commas between")
    parser.add_argument("--stages", default=",".join(MEASURED))
    parser.add_argument("--meter", required=True)
    given = parser.parse_args()
    meter = Meter(Path(given.meter))
    spark = build_session("bench-lake")
    for night in given.nights.split(","):
        home, _, text = night.partition("=")
        run = open_run(spark, bench_settings(Path(home)), date.fromisoformat(text))
        records: list[StageRecord] = []
        for name in given.stages.split(","):
            with _publications_counted(meter), meter.stage(f"{night}/{name}"):
                run_stage(STAGES[name], run, records)
    meter.close()
    return 0


@contextmanager
def _publications_counted(meter: Meter) -> Iterator[None]:
    """Count by table what publishing takes: that is when Spark makes the rows."""
    publish = Lake.publish

    def counted(lake: Lake, frame: Any, table: Table, **how: Any) -> Commit:
        with meter.step(table.name):
            return publish(lake, frame, table, **how)

    Lake.publish = counted
    try:
        yield
    finally:
        Lake.publish = publish


if __name__ == "__main__":
    sys.exit(main())
