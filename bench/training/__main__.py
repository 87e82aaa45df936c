"""Training's speed on a file of sequences: the reader, one rank and two, targets a CPU-second.

`make bench-training DATA=<file>` (lines: user item item …, such as Amazon Beauty) writes
bench/results/training.json. Every rank has one thread. Validation is a few rows where speed is
measured, and all of them where quality is.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.next_item.data import LeaveOneOut, Rows, Sequences
from bench.next_item.encoders import Task
from bench.record import Measure, there, write
from bench.training.ranks import (
    EPOCHS,
    curves_of,
    gains_of_a_second_rank,
    settings_of,
    targets_per_cpu_second,
)
from bench.training.reader import reading_rates
from insight.errors import SourceFormatError
from insight.logs import configure_logs

FEW = 64
LENGTH = 50


def main() -> int:
    """Measure, and write after each part."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=there, required=True, help="lines: user item item …")
    given = parser.parse_args()
    configure_logs()
    try:
        protocol = LeaveOneOut(Sequences.read(given.data), LENGTH)
    except SourceFormatError as error:
        parser.error(str(error))
    size, validation = protocol.sequences.size, protocol.validation
    whole = Task.without_categories(protocol.train, validation, size)
    few = Task.without_categories(protocol.train, Rows(*(part[:FEW] for part in validation)), size)
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory(prefix="insight-bench-") as folder:
        for part in (
            lambda: reading_rates(few, Path(folder) / "reader"),
            lambda: targets_per_cpu_second(few, Path(folder) / "targets"),
            lambda: gains_of_a_second_rank(few, Path(folder) / "gains"),
            lambda: curves_of(whole, protocol.test, Path(folder) / "ranks"),
        ):
            measures += part()
            print(_written(measures))
    return 0


def _written(measures: list[Measure]) -> str:
    chosen = settings_of(1, max_epochs=EPOCHS).model_dump(mode="json")
    return write("training", measures, chosen=chosen).read_text()


if __name__ == "__main__":
    sys.exit(main())
