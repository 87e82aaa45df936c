"""Two nights of the embedded example in a fresh lake: wall time, peak memory, rows read, metrics.

`make bench-night` writes bench/results/night.json.
"""

import sys
import tempfile
import time
from pathlib import Path

import duckdb

from bench.meter import ROOT, peak_gib
from bench.record import Measure, write
from insight.publishing.duckdb_lake import register_duckdb

NIGHTS = ("2017-11-30", "2017-12-01")
TARGETS = {"night.first_minutes": 12, "night.next_minutes": 5, "night.peak_gib": 8}


def main() -> int:
    """Run both nights and write what they took."""
    with tempfile.TemporaryDirectory(prefix="insight-bench-") as folder:
        measures = []
        peaks = []
        for name, night in zip(("first", "next"), NIGHTS, strict=True):
            minutes, peak = _timed_night(night, Path(folder))
            measures.append(_targeted(f"night.{name}_minutes", minutes, "minutes"))
            peaks.append(peak)
        measures.append(_targeted("night.peak_gib", max(peaks), "GiB"))
        measures += _from_lake(f"{folder}/lake")
    print(write("night", measures).read_text())
    return 0


def _timed_night(night: str, folder: Path) -> tuple[float, float]:
    """Wall minutes of one night, and the peak memory of all its processes in GiB."""
    places = {"lake": "lake", "registry": "registry", "report": "report"}
    overrides = [f"--set={name}={folder / place}" for name, place in places.items()]
    began = time.monotonic()
    command = [str(ROOT / "spark-submit.sh"), "jobs/nightly.py", "--date", night, *overrides]
    peak = peak_gib(command, name=f"the night of {night}")
    return (time.monotonic() - began) / 60, peak


def _from_lake(lake: str) -> list[Measure]:
    with duckdb.connect() as connection:
        register_duckdb(connection, lake)
        scores = connection.execute(
            "SELECT contender, task, metric, value, low, high FROM evaluation"
            " WHERE metric IN ('ndcg10', 'hr10', 'auc', 'log_loss') AND slice = 'all' ORDER BY ALL"
        ).fetchall()
        read = connection.execute(
            "SELECT run_date, stage, rows_read, seconds FROM run_log"
            " WHERE table_name = 'stage' ORDER BY run_date, sequence"
        ).fetchall()
    measures = [
        Measure(
            f"{task}.{metric}.{contender}",
            value,
            "",
            better="lower" if metric == "log_loss" else "higher",
            note=f"95 % interval {low} to {high}",
        )
        for contender, task, metric, value, low, high in scores
    ]
    for night, stage, rows, seconds in read:
        measures.append(
            Measure(f"{night}.{stage}.rows_read", rows, "rows", note=f"{seconds:.1f} seconds")
        )
    return measures


def _targeted(name: str, value: float, unit: str) -> Measure:
    return Measure(name, value, unit, target=TARGETS[name])


if __name__ == "__main__":
    sys.exit(main())
