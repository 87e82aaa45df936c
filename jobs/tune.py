"""Search for better training settings on past nights; the newest test window is never looked at.

What may be tried stands in the settings under tuning. Run again, a search goes on where it was
interrupted. Nothing is published: the best settings are printed for conf/.
"""

import sys
from collections.abc import Sequence

import yaml
from rich.console import Console
from rich.table import Table as Grid

from insight.launch import launch
from insight.rehearsal.search import best_trial, open_search
from insight.rehearsal.tune import FOLD, TUNE
from insight.stages import Run, StageRecord

READS = TUNE.reads
WRITES = TUNE.writes


def summarise(run: Run, records: Sequence[StageRecord]) -> None:
    """Print every trial, and the best settings as YAML."""
    console = Console(width=120)
    if records[-1].detail:
        console.print(f"Nothing was tried: {records[-1].detail}")
    study = open_search(run)
    grid = Grid(title=f"{study.study_name}: the geometric mean of what the gate compares")
    for name in ("trial", "settings", "folds", "mean", "ended"):
        grid.add_column(name)
    for trial in study.get_trials():
        settings = ", ".join(f"{name} {_short(value)}" for name, value in trial.params.items())
        folds = [value for name, value in trial.user_attrs.items() if name.startswith(FOLD)]
        shown = " ".join(map(_short, folds))
        mean = "" if trial.value is None else _short(trial.value)
        grid.add_row(str(trial.number), settings, shown, mean, trial.state.name.lower())
    console.print(grid)
    best = best_trial(study)
    if best is not None:
        console.print(f"The best is trial {best.number}. For a profile in conf/:\n")
        print(yaml.safe_dump({"training": best.params}))


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(launch(TUNE, at_end=summarise))
