"""The process of a single rank: ``python -m insight.training.solo <plan> <report>``."""

import pickle
import sys
from pathlib import Path

from insight.training.launch import run_solo


def main(plan_file: Path, report_file: Path) -> None:
    """Read the plan, train, write the report.

    Both are pickles in a private folder of the run that started this process.
    """
    report_file.write_bytes(pickle.dumps(run_solo(pickle.loads(plan_file.read_bytes()))))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
