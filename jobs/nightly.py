"""The whole night for one run date, in one Spark application."""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console
from rich.table import Table as Grid

from insight.embedding.stage import EMBED_ITEMS
from insight.events.stage import CLEAN
from insight.examples.stage import BUILD_EXAMPLES
from insight.features.stage import BUILD_FEATURES
from insight.launch import launch
from insight.promotion.stage import PROMOTE
from insight.publishing.stage import PUBLISH
from insight.scoring.stage import SCORE
from insight.sessions.stage import SESSIONISE
from insight.sources.stage import INGEST
from insight.stages import Run, StageRecord
from insight.tables import EVALUATION
from insight.training.stage import TRAIN

NIGHT = (
    INGEST,
    CLEAN,
    SESSIONISE,
    BUILD_FEATURES,
    EMBED_ITEMS,
    BUILD_EXAMPLES,
    TRAIN,
    PROMOTE,
    SCORE,
    PUBLISH,
)

READS = tuple(table for stage in NIGHT for table in stage.reads)
WRITES = tuple(table for stage in NIGHT for table in stage.writes)


def summarise(run: Run, records: Sequence[StageRecord]) -> None:
    """Print what the night did, how good its model is, and what to try next."""
    console = Console(width=110)
    console.print(_stages(run, records))
    metrics = _metrics(run)
    if metrics.row_count:
        console.print(metrics)
    minutes, seconds = divmod(time.monotonic() - run.began, 60)
    console.print(f"The night took {minutes:.0f} min {seconds:.0f} s.\n")
    tomorrow = run.run_date + timedelta(days=1)
    asked = "customer_scores_latest" if metrics.row_count else "customer_features"
    profile = run.settings.profile
    again, ask = f"make nightly DATE={tomorrow}", "make query"
    if profile != "local":
        again = f"./spark-submit.sh jobs/nightly.py --profile {profile} --date {tomorrow}"
        ask = f"INSIGHT_PROFILE={profile} {ask}"
    console.print(f'Ask the lake     {ask} SQL="SELECT * FROM {asked} LIMIT 5"')
    console.print(f"Read the report  {run.settings.report / 'latest.html'}")
    console.print(f"The next night   {again}")


def _stages(run: Run, records: Sequence[StageRecord]) -> Grid:
    grid = Grid(title=f"The night of {run.run_date}")
    for name, side in (
        ("stage", "left"),
        ("rows read", "right"),
        ("seconds", "right"),
        ("", "left"),
    ):
        grid.add_column(name, justify=side)  # type: ignore[arg-type]
    for total in (record for record in records if record.table_name == "stage"):
        written = ", ".join(
            f"{record.table_name} {record.rows_written:,}"
            for record in records
            if record.stage == total.stage and record.rows_written and record is not total
        )
        text = "; ".join(filter(None, (f"wrote {written}" if written else "", total.detail)))
        grid.add_row(total.stage, f"{total.rows_read:,}", f"{total.seconds:.0f}", text)
    return grid


def _metrics(run: Run) -> Grid:
    """The newest evaluation up to the run date: a night that trains nothing shows the last."""
    grid = Grid(title="On a later time window than all that was learned from")
    for name in ("task", "metric", "contender"):
        grid.add_column(name)
    grid.add_column("value [95 % interval]", justify="right")
    known = run.lake.read_or_empty(EVALUATION).where(f"run_date <= '{run.run_date}'")
    newest = known.agg({"run_date": "max"}).first()
    if newest is None or newest[0] is None:
        return grid
    shown = known.where(f"run_date = '{newest[0]}' AND slice = 'all'")
    rows = shown.orderBy("task", "metric", "contender").collect()
    for row in rows:
        if row["metric"] in ("ndcg10", "hr10", "auc", "log_loss"):
            value = f"{row['value']:.4f} [{row['low']:.4f}, {row['high']:.4f}]"
            grid.add_row(row["task"], row["metric"], row["contender"], value)
    return grid


if __name__ == "__main__":
    sys.exit(launch(*NIGHT, at_end=summarise))
