"""Tune: better training settings, searched over past nights in order of time."""

import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from insight.errors import TrainingFailedError
from insight.examples.stage import BUILD_EXAMPLES
from insight.logs import logger
from insight.registry import Registry
from insight.rehearsal.folds import past_folds
from insight.rehearsal.nights import open_fold, rehearse
from insight.rehearsal.objective import value_on
from insight.rehearsal.search import (
    ask_trial,
    count_done,
    open_search,
    prepare_trials,
    same_as,
)
from insight.stages import Run, Stage

log = logger(__name__)

FOLD = "fold_"
"""Begins the names under which a trial keeps its value on each fold."""


def tune(run: Run) -> str | None:
    """Search until there are as many trials as were asked for, or the time is over.

    Every trial is trained and judged on each fold, unless it is given up after a poor one, and
    logged as an MLflow run of the registry. No version is published.

    Returns:
        Why there was nothing to do, or None.
    """
    began, wanted = time.monotonic(), run.settings.tuning
    study = open_search(run)
    for interrupted in prepare_trials(study, run.settings):
        _log(run, study, interrupted.number)
    if count_done(study) >= wanted.trials:
        return f"the search already has its {wanted.trials} trials; raise tuning.trials for more"
    nights, reason = _nights(run)
    if not nights:
        return reason
    with tempfile.TemporaryDirectory(prefix="insight-tuning-") as registry:
        while count_done(study) < wanted.trials and not _is_late(began, wanted.minutes):
            trial, training = ask_trial(study, run.settings)
            judge = partial(value_on, training=training, registry=Path(registry))
            _try(study, trial, [partial(judge, night) for night in nights])
            _log(run, study, trial.number)
    return None


TUNE = Stage(name="tune", reads=BUILD_EXAMPLES.reads, writes=(), work=tune, beside_others=True)


def _nights(run: Run) -> tuple[list[Run], str | None]:
    """The folds that there is enough history for, newest first; why there is none, if so."""
    nights: list[Run] = []
    reason = None
    settings = run.settings
    folds = past_folds(
        settings.examples, run_date=run.run_date, count=settings.tuning.folds, first=1
    )
    for fold in folds:
        night = open_fold(run, fold)
        reason = rehearse(BUILD_EXAMPLES, night)
        if reason:
            log.warning("folds left out", first=fold.number, why=reason)
            break
        nights.append(night)
    return nights, reason


def _try(study: optuna.Study, trial: Trial, folds: Sequence[Callable[[], float]]) -> None:
    """Judge a trial fold by fold, and tell the study what came of it."""
    past = same_as(trial, study)
    if past is not None:
        for name, value in past.user_attrs.items():
            trial.set_user_attr(name, value)
        study.tell(trial, past.value)
        return
    found: list[float] = []
    try:
        for number, value_of in enumerate(folds, start=1):
            found.append(value_of())
            trial.set_user_attr(f"{FOLD}{number}", found[-1])
            trial.report(fmean(found), number)
            # After the last fold there is nothing to be saved by giving up.
            if number < len(folds) and trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                return
    except TrainingFailedError as error:
        # Settings that cannot be trained are an answer, too; the others go on.
        trial.set_user_attr("failure", str(error))
        study.tell(trial, state=TrialState.PRUNED)
        return
    study.tell(trial, fmean(found))


def _log(run: Run, study: optuna.Study, number: int) -> None:
    trial: FrozenTrial = study.get_trials()[number]
    values = {n: v for n, v in trial.user_attrs.items() if n.startswith(FOLD)}
    if trial.value is not None and trial.state is TrialState.COMPLETE:
        values["mean"] = trial.value
    seeds = {"training_seed": run.settings.training.seed, "search_seed": run.settings.tuning.seed}
    tags = {"state": trial.state.name, "failure": str(trial.user_attrs.get("failure", ""))}
    registry = Registry(run.settings.registry)
    known = {**trial.params, **seeds}
    registry.store.log_run(study.study_name, f"trial {number}", known, values, tags)
    shown = {name: round(value, 4) for name, value in values.items()}
    log.info("trial", number=number, state=trial.state.name, **trial.params, **shown)


def _is_late(began: float, minutes: float) -> bool:
    return time.monotonic() - began > 60 * minutes
