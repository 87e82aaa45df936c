"""Cross-validation in order of time: past nights trained and judged again, beside the lake.

Fold 0 takes the run date for tonight, fold 1 the night one longest horizon earlier, and so on.
Nightly tables, champion and challenger stay as they are; only the table validation is written.
"""

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as Grid

from insight.errors import InsightError
from insight.launch import launch
from insight.logs import configure_logs, logger
from insight.rehearsal.summary import disagreements, over_folds
from insight.rehearsal.validate import validating
from insight.stages import Run, StageRecord
from insight.tables import VALIDATION

READS = validating(1).reads
WRITES = validating(1).writes


def main(arguments: Sequence[str] | None = None) -> int:
    """Validate; 0 done, 2 do not retry, 1 may be retried."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--folds", type=int, default=3)
    asked, rest = parser.parse_known_args(arguments)
    try:
        stage = validating(asked.folds)
    except InsightError as error:
        configure_logs()
        logger(__name__).error(type(error).__name__, message=str(error))
        return error.exit_code
    return launch(stage, arguments=rest, at_end=summarise)


def summarise(run: Run, records: Sequence[StageRecord]) -> None:
    """Print the mean over folds of every contender, and where folds disagree."""
    console = Console(width=110)
    if records[-1].detail:
        console.print(f"Nothing was validated: {records[-1].detail}")
        return
    rows = run.lake.read(VALIDATION).where(f"run_date = '{run.run_date}'").toPandas()
    nights = sorted(map(str, rows["fold_date"].unique()), reverse=True)
    grid = Grid(title=f"Over {len(nights)} folds, tests ending {', '.join(nights)}")
    for name in ("task", "metric", "contender"):
        grid.add_column(name)
    grid.add_column("mean ± standard deviation", justify="right")
    for row in over_folds(rows).itertuples():
        # One fold has no spread.
        spread = f" ± {row.std:.4f}" if row.count > 1 else ""
        grid.add_row(row.task, row.metric, row.contender, f"{row.mean:.4f}{spread}")
    console.print(grid)
    for line in disagreements(rows):
        console.print(f"Warning: folds disagree. {line}")


if __name__ == "__main__":
    sys.exit(main())
