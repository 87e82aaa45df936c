"""Ranks started by ``horovodrun`` on named hosts: a GPU fleet beside the Spark cluster."""

import pickle
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path
from threading import Timer

from pyspark.sql import SparkSession

from insight.errors import SettingsError, TrainingFailedError
from insight.settings import TrainingSettings
from insight.training.backends.ranks import explained, longest_seconds, rank_environment
from insight.training.plan import RankReport, TrainingPlan
from insight.training.process import command_of, environment, report_file

_LAST_LINES = 50


class HorovodrunBackend:
    """Trains on ``training.launch.hosts``, each with its number of ranks.

    Several hosts need ``training.launch.shared_folder``, which plan and reports go through, this
    environment at the same path, and each other's ssh.

    Args:
        settings: Number of ranks, hosts and the deadline.
    """

    def __init__(self, settings: TrainingSettings) -> None:
        self._settings = settings

    @property
    def ranks(self) -> int:
        return self._settings.ranks

    def train(self, plan: TrainingPlan) -> list[RankReport]:
        """Run the plan on all ranks.

        Raises:
            TrainingFailedError: Ranks could not start, or died without a report.
        """
        shared = self._settings.launch.shared_folder
        # Pickle is safe here: the folder is this user's alone, and both ends are this very run.
        with tempfile.TemporaryDirectory(prefix="insight-training-", dir=shared) as folder:
            plan_file = Path(folder) / "plan"
            plan_file.write_bytes(pickle.dumps(plan))
            last = self._run(self._command(plan_file, Path(folder)))
            files = [report_file(Path(folder), rank) for rank in range(self.ranks)]
            if not all(file.exists() for file in files):
                raise explained("".join(last), self.ranks)
            return [pickle.loads(file.read_bytes()) for file in files]

    def _command(self, plan_file: Path, folder: Path) -> list[str]:
        launch = self._settings.launch
        horovodrun = str(Path(sys.executable).parent / "horovodrun")
        started = [horovodrun, "--gloo", "--start-timeout", str(launch.start_seconds)]
        placed = ["-np", str(self.ranks), "-H", launch.hosts or f"localhost:{self.ranks}"]
        return [*started, *placed, *command_of(plan_file, folder, "horovod")]

    def _run(self, command: list[str]) -> deque[str]:
        """Run to the end, passing on what is said; the last lines of it."""
        last: deque[str] = deque(maxlen=_LAST_LINES)
        started = self._started(command)
        # Ranks have deadlines of their own; this is for hosts that do not answer.
        deadline = Timer(longest_seconds(self._settings), started.kill)
        deadline.start()
        try:
            assert started.stdout is not None
            for line in started.stdout:
                sys.stderr.write(line)
                last.append(line)
        finally:
            deadline.cancel()
            started.terminate()
            started.wait()
        return last

    def _started(self, command: list[str]) -> subprocess.Popen[str]:
        try:
            return subprocess.Popen(
                command,
                env=environment() | rank_environment(self._settings.launch),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise TrainingFailedError(
                f"training on {self.ranks} ranks",
                found=f"{command[0]} could not start: {error}",
                expected="Horovod's launcher in this environment",
                next_step="set up the environment with make env",
            ) from error


def make(settings: TrainingSettings, _: SparkSession) -> HorovodrunBackend:
    """The backend of this file.

    Raises:
        SettingsError: Several hosts have no folder in common.
    """
    launch = settings.launch
    if "," in launch.hosts and launch.shared_folder is None:
        raise SettingsError(
            "setting training.launch.shared_folder",
            found=f"none, with hosts {launch.hosts}",
            expected="a folder that all hosts mount and this user alone can read",
            next_step="set it, or name one host",
        )
    return HorovodrunBackend(settings)
