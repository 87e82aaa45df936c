"""Ranks as tasks of the running Spark application, joined by Horovod over Gloo."""

import os
import threading

from pyspark.sql import SparkSession

from insight.errors import SettingsError, TrainingFailedError
from insight.logs import logger
from insight.settings import TrainingSettings
from insight.spark import REPOSITORY
from insight.training.backends.ranks import explained, longest_seconds, rank_environment, run_rank
from insight.training.plan import RankReport, TrainingPlan

log = logger(__name__)

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

        # Horovod, which runs in the main thread only, waits without end for a machine that is
        # gone without a word.
        longest = longest_seconds(self._settings)
        deadline = threading.Timer(longest, _give_up, (longest, self.ranks))
        deadline.daemon = True
        deadline.start()
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
            raise explained(f"{type(error).__name__}: {error}", self.ranks) from error
        finally:
            deadline.cancel()

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


def _give_up(seconds: float, ranks: int) -> None:
    """End this process: the main thread cannot be called back from where it waits."""
    error = TrainingFailedError(
        f"training on {ranks} ranks",
        found=f"no end within {seconds:.0f} seconds, although each rank ends by itself",
        expected="all of them within training.timeout_seconds",
        next_step="look for a machine that is gone; nothing was published and the champion stays;"
        " the next run goes on from the last epoch",
    )
    log.critical(type(error).__name__, message=str(error))
    os._exit(error.exit_code)


def make(settings: TrainingSettings, spark: SparkSession) -> HorovodBackend:
    """The backend of this file.

    Raises:
        SettingsError: It could not start so many ranks here.
    """
    backend = HorovodBackend(spark, settings)
    backend.refuse_too_few_slots()
    return backend
