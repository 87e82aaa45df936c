"""Ranks as tasks of the running Spark application, joined by Horovod over Gloo."""

import os

from pyspark.sql import SparkSession

from insight.errors import SettingsError
from insight.settings import TrainingSettings
from insight.spark import REPOSITORY
from insight.training.backends.ranks import explained, rank_environment, run_rank
from insight.training.plan import RankReport, TrainingPlan

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
            raise explained(f"{type(error).__name__}: {error}", self.ranks) from error

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


def make(settings: TrainingSettings, spark: SparkSession) -> HorovodBackend:
    """The backend of this file.

    Raises:
        SettingsError: It could not start so many ranks here.
    """
    backend = HorovodBackend(spark, settings)
    backend.refuse_too_few_slots()
    return backend
