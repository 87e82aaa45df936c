"""A fold as a night of its own, by the stages that any night runs."""

import hashlib
from dataclasses import replace
from pathlib import Path

from insight.examples.stage import BUILD_EXAMPLES
from insight.rehearsal.folds import Fold
from insight.rehearsal.lake import SUFFIX, lake_beside
from insight.settings import Settings, TrainingSettings
from insight.stages import Run, Stage, StageRecord, run_stage

_WHAT_MAKES_A_MODEL = {"examples", "features", "scoring", "sequences", "sessions", "training"}


def open_fold(run: Run, fold: Fold) -> Run:
    """The night of a fold, on a lake and a registry of its own.

    Args:
        run: The run that rehearses; its stage has pinned what build_examples reads.
        fold: Which night.
    """
    lake = lake_beside(run.lake, BUILD_EXAMPLES.reads, run_date=fold.run_date)
    settings = run.settings.model_copy(update={"registry": _registry(run.settings)})
    return replace(run, lake=lake, run_date=fold.run_date, settings=settings)


def with_training(run: Run, training: TrainingSettings, *, registry: Path) -> Run:
    """The same night, trained otherwise and into another registry."""
    changes = {"training": training, "registry": registry}
    return replace(run, settings=run.settings.model_copy(update=changes))


def rehearse(stage: Stage, run: Run) -> str | None:
    """Run one stage of a night; why there was nothing to do, or None."""
    records: list[StageRecord] = []
    run_stage(stage, run, records)
    return records[-1].detail


def model_settings(settings: Settings) -> str:
    """All settings that a model depends on, as JSON."""
    return settings.model_dump_json(include=_WHAT_MAKES_A_MODEL)


def _registry(settings: Settings) -> Path:
    """One for each choice of settings: a date's challenger is then always the one they make."""
    name = hashlib.sha256(model_settings(settings).encode()).hexdigest()[:8]
    return settings.registry.with_name(settings.registry.name + SUFFIX) / name
