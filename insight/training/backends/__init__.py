"""Ways to start ranks, a file each: ``<name>_backend.py`` with a function ``make``."""

import pkgutil
from importlib import import_module
from typing import Protocol

from pyspark.sql import SparkSession

from insight.errors import SettingsError
from insight.settings import TrainingSettings
from insight.training.plan import RankReport, TrainingPlan

_ENDING = "_backend"


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
        SettingsError: There is none of that name, or it could not start so many ranks here.
    """
    refuse_unknown_backend(settings)
    backend: Backend = import_module(f"{__name__}.{settings.backend}{_ENDING}").make(
        settings, spark
    )
    return backend


def refuse_unknown_backend(settings: TrainingSettings) -> None:
    """Refuse, before a night begins, what would end it hours later.

    Raises:
        SettingsError: There is no backend of the name that the settings give.
    """
    found = [module.name for module in pkgutil.iter_modules(__path__)]
    known = [name.removesuffix(_ENDING) for name in found if name.endswith(_ENDING)]
    if settings.backend not in known:
        raise SettingsError(
            "setting training.backend",
            found=settings.backend,
            expected=f"one of {', '.join(known)}",
            next_step="choose one of them, or add its file to insight/training/backends",
        )
