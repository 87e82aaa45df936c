"""Validate: cross-validation in order of time, by the code that trains and judges every night."""

from collections.abc import Iterator
from functools import partial

from insight.errors import SettingsError
from insight.examples.stage import BUILD_EXAMPLES
from insight.local_frames import local_frame
from insight.logs import logger
from insight.promotion.measurements import ALL, Measurement
from insight.promotion.stage import evidence_of
from insight.registry import Registry
from insight.rehearsal.folds import Fold, past_folds
from insight.rehearsal.nights import open_fold, rehearse
from insight.stages import Run, Stage
from insight.tables import VALIDATION
from insight.training.stage import TRAIN

log = logger(__name__)


def validating(count: int) -> Stage:
    """The stage that validates on so many folds.

    Raises:
        SettingsError: There would be none.
    """
    if count < 1:
        raise SettingsError(
            "argument --folds", found=f"{count}", expected="at least 1", next_step="correct it"
        )
    work = partial(validate, count=count)
    reads = BUILD_EXAMPLES.reads
    return Stage("validate", reads=reads, writes=(VALIDATION,), work=work, beside_others=True)


def validate(run: Run, *, count: int) -> str | None:
    """Rehearse the nights of the folds, newest first, and publish what each was judged at.

    Every fold has a vocabulary, scales and weights of its own, fitted before its test window.
    There is no champion among the contenders: it would have learnt from older folds' windows.

    Returns:
        Why not even the newest fold could be judged, or None.
    """
    found: list[tuple[Fold, Measurement]] = []
    for fold in past_folds(run.settings.examples, run_date=run.run_date, count=count):
        night = open_fold(run, fold)
        reason = rehearse(BUILD_EXAMPLES, night)
        if reason:
            if not found:
                return reason
            log.warning("folds left out", first=fold.number, of=count, why=reason)
            break
        rehearse(TRAIN, night)
        found += [(fold, each) for each in _judged(night)]
    _publish(run, found)
    return None


def _judged(night: Run) -> Iterator[Measurement]:
    challenger = Registry(night.settings.registry).challenger(night.run_date)
    measurements = evidence_of(night, challenger, None).measurements
    return (each for each in measurements if each.slice == ALL)


def _publish(run: Run, found: list[tuple[Fold, Measurement]]) -> None:
    rows = [
        (
            fold.number,
            fold.run_date,
            each.contender,
            each.model_version,
            each.task,
            each.metric,
            *each.rounded(),
            each.row_count,
            run.run_date,
        )
        for fold, each in found
    ]
    frame = local_frame(run.spark, rows, VALIDATION.schema).coalesce(1)
    run.lake.publish(frame, VALIDATION, where=f"run_date = '{run.run_date}'")
