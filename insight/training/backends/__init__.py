"""Ways to start ranks. Horovod on Spark is one; a successor needs only this interface."""

from typing import Protocol

from pyspark.sql import SparkSession

from insight.settings import TrainingSettings
from insight.training.backends.horovod_backend import HorovodBackend
from insight.training.backends.single_backend import SingleBackend
from insight.training.plan import RankReport, TrainingPlan


class Backend(Protocol):
    """Runs a plan on some number of ranks."""

    @property
    def ranks(self) -> int:
        """How many ranks will run."""

    def train(self, plan: TrainingPlan) -> list[RankReport]:
        """Run all ranks to their end; their reports, in rank order.

        Raises:
            TrainingFailedError: Ranks could not start, or died without a report.
        """


def backend_for(settings: TrainingSettings, spark: SparkSession) -> Backend:
    """The backend that the settings name.

    Raises:
        SettingsError: It could not start so many ranks here.
    """
    if settings.backend == "single":
        return SingleBackend(settings.timeout_seconds)
    horovod = HorovodBackend(spark, settings)
    horovod.refuse_too_few_slots()
    return horovod
