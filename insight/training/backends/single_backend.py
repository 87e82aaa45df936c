"""One rank in a process of its own, which gives TensorFlow's memory back when it ends."""

import pickle
import subprocess
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from insight.errors import TrainingFailedError
from insight.settings import TrainingSettings
from insight.training.plan import RankReport, TrainingPlan
from insight.training.process import command_of, environment, report_file


class SingleBackend:
    """Trains on this machine, without Horovod.

    Args:
        timeout_seconds: The process is ended after so long.
    """

    ranks = 1

    def __init__(self, timeout_seconds: int) -> None:
        self._timeout = timeout_seconds

    def train(self, plan: TrainingPlan) -> list[RankReport]:
        """Run the plan to its end.

        Raises:
            TrainingFailedError: The process died or took too long.
        """
        # Pickle is safe here: the folder is private, and both ends are this very run.
        with tempfile.TemporaryDirectory(prefix="insight-training-") as folder:
            plan_file = Path(folder) / "plan"
            plan_file.write_bytes(pickle.dumps(plan))
            try:
                subprocess.run(
                    command_of(plan_file, Path(folder), "solo"),
                    check=True,
                    timeout=self._timeout + 30,
                    env=environment(),
                )
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                raise TrainingFailedError(
                    "training, the only rank",
                    found=f"{type(error).__name__} ({_ending(error)})",
                    expected="a finished training",
                    next_step="look for a lack of memory, or raise training.timeout_seconds; "
                    "nothing was published and the champion stays",
                ) from error
            return [pickle.loads(report_file(Path(folder), 0).read_bytes())]


def make(settings: TrainingSettings, _: SparkSession) -> SingleBackend:
    """The backend of this file."""
    return SingleBackend(settings.timeout_seconds)


def _ending(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no end within {error.timeout:.0f} seconds"
    return f"exit code {error.returncode}"
