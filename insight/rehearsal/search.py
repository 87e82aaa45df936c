"""A search by Optuna that may be interrupted: what it asks, what it has tried, what is best."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import optuna
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from insight.logs import logger
from insight.rehearsal.nights import model_settings
from insight.settings import Settings, Span, TrainingSettings
from insight.stages import Run

log = logger(__name__)

JOURNAL = "tuning.journal"
"""In the registry's folder: every search's trials, which MLflow shows to people."""

UNPRUNED = 4
"""So many trials are judged on all folds before any is given up after a poor one."""

_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


def open_search(run: Run) -> optuna.Study:
    """The search of a run date over a space: a new one, or that which was begun before.

    Other settings of what a model is made of, another space or other folds make another search.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    settings = run.settings
    settings.registry.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(settings.registry / JOURNAL)))
    return optuna.create_study(
        storage=storage,
        study_name=f"tuning {run.run_date} {_fingerprint(settings)}",
        load_if_exists=True,
        direction="maximize",
        pruner=MedianPruner(n_startup_trials=UNPRUNED),
    )


def prepare_trials(study: optuna.Study, settings: Settings) -> list[FrozenTrial]:
    """Ask for today's settings first, and again for what an earlier start left half done.

    Returns:
        The trials that were left so.
    """
    if not study.get_trials(deepcopy=False):
        today = _todays(settings)
        if today:
            study.enqueue_trial(today)
    interrupted = study.get_trials(states=(TrialState.RUNNING,))
    for trial in interrupted:
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)
        log.info("trial begun again", number=trial.number)
    return interrupted


def ask_trial(study: optuna.Study, settings: Settings) -> tuple[Trial, TrainingSettings]:
    """The next trial, and the training settings that it tries.

    Each has a seed of its own: a search that was interrupted goes on as it would have gone on,
    and does not draw its first trials once more.
    """
    study.sampler = TPESampler(seed=settings.tuning.seed + len(study.get_trials(deepcopy=False)))
    trial = study.ask()
    chosen = {name: _suggested(trial, name, settings) for name in settings.tuning.space}
    return trial, TrainingSettings.model_validate({**settings.training.model_dump(), **chosen})


def count_done(study: optuna.Study) -> int:
    """Trials that ended, with a value or by being given up."""
    return len(study.get_trials(deepcopy=False, states=_DONE))


def best_trial(study: optuna.Study) -> FrozenTrial | None:
    """The trial with the greatest value, if any was judged on all folds."""
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    return max(complete, key=lambda trial: trial.value or 0.0, default=None)


def same_as(trial: Trial, study: optuna.Study) -> FrozenTrial | None:
    """An earlier trial of the same settings: a seed makes them come out the same."""
    complete: Sequence[FrozenTrial] = study.get_trials(states=(TrialState.COMPLETE,))
    return next((past for past in complete if past.params == trial.params), None)


def _suggested(trial: Trial, name: str, settings: Settings) -> Any:
    allowed = settings.tuning.space[name]
    if not isinstance(allowed, Span):
        return trial.suggest_categorical(name, allowed.choices)
    if isinstance(allowed.low, int) and isinstance(allowed.high, int):
        return trial.suggest_int(name, allowed.low, allowed.high, log=allowed.log)
    return trial.suggest_float(name, allowed.low, allowed.high, log=allowed.log)


def _todays(settings: Settings) -> dict[str, Any]:
    """The present values of what is searched, if all of them lie within the space."""
    now = {name: getattr(settings.training, name) for name in settings.tuning.space}
    inside = [allowed.holds(now[name]) for name, allowed in settings.tuning.space.items()]
    return now if all(inside) else {}


def _fingerprint(settings: Settings) -> str:
    asked = settings.tuning.model_dump(mode="json", include={"space", "folds", "seed"})
    content = json.dumps([asked, model_settings(settings)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:8]
