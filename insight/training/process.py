"""A rank's process: ``python -m insight.training.process <plan> <folder> <solo|horovod>``."""

import os
import pickle
import sys
from pathlib import Path

from insight.privacy.keys import without_secrets
from insight.spark import REPOSITORY
from insight.training.backends.ranks import run_rank
from insight.training.launch import run_solo

RUNS = {"solo": run_solo, "horovod": run_rank}


def main(plan_file: Path, folder: Path, joined: str) -> None:
    """Read the plan, train, write the report.

    Both are pickles in a private folder of the run that started this process.
    """
    report = RUNS[joined](pickle.loads(plan_file.read_bytes()))
    report_file(folder, report.rank).write_bytes(pickle.dumps(report))


def command_of(plan_file: Path, folder: Path, joined: str) -> list[str]:
    """What starts a rank that does what ``main`` does."""
    module = [sys.executable, "-m", "insight.training.process"]
    return [*module, str(plan_file), str(folder), joined]


def environment() -> dict[str, str]:
    """This process's, in which a rank finds the code of this very run first."""
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    # horovodrun writes it into the command lines of ranks; they need no keys.
    return without_secrets() | {"PYTHONPATH": path.rstrip(os.pathsep)}


def report_file(folder: Path, rank: int) -> Path:
    """Where a rank leaves its report."""
    return folder / f"report_{rank}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
