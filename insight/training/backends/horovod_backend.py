"""Ranks as tasks of the running Spark application, joined by Horovod over Gloo."""

import os

from pyspark.sql import SparkSession

from insight.errors import SettingsError, TrainingFailedError
from insight.settings import TrainingSettings
from insight.spark import REPOSITORY
from insight.training.launch import prepare_process, report_of
from insight.training.plan import RankReport, TrainingPlan

START_SECONDS = 180
STALL_SECONDS = 120
SHIPPED_CODE = "insight.zip"
"""What spark-submit.sh ships to executors; a task's child process must find it by itself."""


class HorovodBackend:
    """Trains on as many ranks as the settings say.

    Args:
        spark: The application whose slots the ranks take.
        settings: Number of ranks, threads and the deadline.
    """

    def __init__(self, spark: SparkSession, settings: TrainingSettings) -> None:
        self._spark = spark
        self._settings = settings

    @property
    def ranks(self) -> int:
        return self._settings.ranks

    def train(self, plan: TrainingPlan) -> list[RankReport]:
        """Run the plan on all ranks.

        Raises:
            TrainingFailedError: Ranks could not start, or died without a report.
        """
        import horovod.spark

        try:
            return list(
                horovod.spark.run(
                    run_rank,
                    args=(plan,),
                    num_proc=self.ranks,
                    start_timeout=START_SECONDS,
                    use_gloo=True,
                    env=self._environment(),
                    executable=self._spark.sparkContext.pythonExec,
                    verbose=0,
                )
            )
        except Exception as error:
            raise TrainingFailedError(
                f"training on {self.ranks} ranks",
                found=f"{type(error).__name__}: {error}",
                expected="every rank to end with a report",
                next_step="read the ranks' logs for one that was killed or stopped; "
                "nothing was published and the champion stays",
            ) from error

    def refuse_too_few_slots(self) -> None:
        """Refuse more ranks than this machine's Spark can run at once: they would wait forever.

        Raises:
            SettingsError: There are too few slots.
        """
        # On a cluster executors may still be arriving; Horovod waits for them.
        slots = self._spark.sparkContext.defaultParallelism
        master = self._spark.sparkContext.master or ""
        if master.startswith("local") and slots < self.ranks:
            raise SettingsError(
                "setting training.ranks",
                found=f"{self.ranks} ranks for {slots} slots of {master}",
                expected="a slot for each rank, since all run at once",
                next_step=f"set training.ranks to {slots}, or use local[{self.ranks}]",
            )

    def _environment(self) -> dict[str, str]:
        path = (str(REPOSITORY), SHIPPED_CODE, os.environ.get("PYTHONPATH", ""))
        return {
            "PYTHONPATH": os.pathsep.join(part for part in path if part),
            "TF_USE_LEGACY_KERAS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "HOROVOD_STALL_CHECK_TIME_SECONDS": str(STALL_SECONDS // 2),
            "HOROVOD_STALL_SHUTDOWN_TIME_SECONDS": str(STALL_SECONDS),
            "HOROVOD_LOG_LEVEL": "error",
        }


def run_rank(plan: TrainingPlan) -> RankReport:
    """One rank's process."""
    prepare_process(plan)
    from insight.training.backends.horovod_group import HorovodGroup

    return report_of(plan, HorovodGroup())
