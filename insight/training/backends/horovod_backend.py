"""Ranks as tasks of the running Spark application, joined by Horovod over Gloo."""

import os
import re

from pyspark.sql import SparkSession

from insight.errors import SettingsError, TrainingFailedError
from insight.settings import LaunchSettings, TrainingSettings
from insight.spark import REPOSITORY
from insight.training.launch import OUT_OF_TIME, prepare_process, report_of
from insight.training.plan import RankReport, TrainingPlan

_FIRST_TO_END = re.compile(r"Process name: (\d+)\s+Exit code: (-?\d+)")
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
                    start_timeout=self._settings.launch.start_seconds,
                    use_gloo=True,
                    env=self._environment(),
                    executable=self._spark.sparkContext.pythonExec,
                    verbose=0,
                )
            )
        except Exception as error:
            raise _explained(error, self.ranks) from error

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
        # Executors elsewhere have the code that was shipped, and no checkout.
        is_here = (self._spark.sparkContext.master or "").startswith("local")
        path = (str(REPOSITORY) if is_here else "", SHIPPED_CODE, os.environ.get("PYTHONPATH", ""))
        found = os.pathsep.join(part for part in path if part)
        return {"PYTHONPATH": found, **rank_environment(self._settings.launch)}


def rank_environment(launch: LaunchSettings) -> dict[str, str]:
    """What TensorFlow and Horovod read from the environment of a rank's process."""
    stall = launch.stall_seconds
    return {
        "TF_USE_LEGACY_KERAS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # A rank that is silent is killed by its monitor; this is for one that leaves the others
        # waiting although it lives.
        "HOROVOD_STALL_CHECK_TIME_SECONDS": str(stall),
        "HOROVOD_STALL_SHUTDOWN_TIME_SECONDS": str(2 * stall),
        "HOROVOD_GLOO_TIMEOUT_SECONDS": str(2 * stall),
        "HOROVOD_FUSION_THRESHOLD": str(launch.fusion_mb * 2**20),
        "HOROVOD_CYCLE_TIME": str(launch.cycle_milliseconds),
        "HOROVOD_AUTOTUNE": "1" if launch.autotune else "0",
        "HOROVOD_LOG_LEVEL": "error",
    }


def _explained(error: Exception, ranks: int) -> TrainingFailedError:
    """Horovod's words, with the rank that ended first where it names one."""
    first = _FIRST_TO_END.search(str(error))
    words = f"{type(error).__name__}: {error}"
    return TrainingFailedError(
        f"training, rank {first[1]} of {ranks}" if first else f"training on {ranks} ranks",
        found=f"it was the first to end, with exit code {first[2]}" if first else words,
        expected="every rank to end with a report",
        next_step="read that rank's last lines: 137 is a kill, for lack of memory or by its "
        f"monitor (training.launch.stall_seconds), {OUT_OF_TIME} is training.timeout_seconds. "
        "Nothing was published and the champion stays; the next run goes on from the last epoch",
    )


def run_rank(plan: TrainingPlan) -> RankReport:
    """One rank's process."""
    prepare_process(plan)
    from insight.training.backends.horovod_group import HorovodGroup

    return report_of(plan, HorovodGroup())
