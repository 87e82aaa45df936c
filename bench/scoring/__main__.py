"""Scoring's speed: Spark beside one process, the best items beside faiss, and compression.

`make bench-scoring DATE=2017-11-30` takes a night that was run before (make nightly) and writes
bench/results/scoring.json.
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

from bench.record import Measure, write
from bench.scoring.compression import compression_measures
from bench.scoring.night import read_night
from bench.scoring.search import SEED, searching_rates
from bench.scoring.throughput import throughput_measures
from insight.logs import configure_logs


def main() -> int:
    """Measure, and write after each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="local")
    parser.add_argument("--date", type=date.fromisoformat, required=True)
    given = parser.parse_args()
    configure_logs()
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory(prefix="insight-bench-") as folder:
        night = read_night(given.profile, given.date, Path(folder) / "customers")
        for part in (
            searching_rates,
            lambda: throughput_measures(night),
            lambda: compression_measures(night),
        ):
            measures += part()
            chosen = {"seed": SEED, "model": night.champion.version}
            written = write("scoring", measures, chosen=chosen)
            print(written.read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
