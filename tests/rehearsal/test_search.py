"""A search asks each trial with a seed of its own, and knows where it stopped."""

from pathlib import Path

import pytest
from optuna.trial import TrialState

from insight.rehearsal import tune
from insight.rehearsal.objective import geometric_mean
from insight.rehearsal.search import (
    ask_trial,
    best_trial,
    count_done,
    open_search,
    prepare_trials,
)
from insight.settings import load_settings
from insight.stages import Run
from tests.frames import DAY

SPACE = {
    "learning_rate": {"low": 0.001, "high": 0.1, "log": True},
    "width": {"choices": [32, 64]},
    "patience": {"low": 1, "high": 3},
}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A search needs no lake: only its trials do."""
    overrides = {"registry": str(tmp_path / "registry"), "tuning.space": SPACE}
    return Run(None, load_settings("local", overrides=overrides), None, DAY, "r")  # type: ignore[arg-type]


def _tried(run: Run, count: int) -> list[dict[str, object]]:
    study = open_search(run)
    prepare_trials(study, run.settings)
    for _ in range(count):
        trial, training = ask_trial(study, run.settings)
        assert training.learning_rate == trial.params["learning_rate"]
        study.tell(trial, trial.params["learning_rate"])
    return [trial.params for trial in study.get_trials()]


def test_todays_settings_are_tried_first(run: Run) -> None:
    training = run.settings.training
    assert _tried(run, 1) == [
        {"learning_rate": training.learning_rate, "width": 64, "patience": training.patience}
    ]


def test_a_search_in_two_parts_asks_what_one_in_a_whole_asks(run: Run, tmp_path: Path) -> None:
    _tried(run, 3)
    parts = _tried(run, 3)
    other = run.settings.model_copy(update={"registry": tmp_path / "other"})
    whole = _tried(Run(None, other, None, DAY, "r"), 6)  # type: ignore[arg-type]
    assert parts == whole
    assert len({str(params) for params in whole}) == 6


def test_what_was_left_half_done_is_asked_again(run: Run) -> None:
    study = open_search(run)
    prepare_trials(study, run.settings)
    left, _ = ask_trial(study, run.settings)
    again = open_search(run)
    assert [trial.number for trial in prepare_trials(again, run.settings)] == [left.number]
    trial, _ = ask_trial(again, run.settings)
    assert trial.params == left.params
    assert again.get_trials()[left.number].state is TrialState.FAIL
    assert count_done(again) == 0 and best_trial(again) is None


def test_another_space_is_another_search(run: Run) -> None:
    tuning = run.settings.tuning.model_copy(update={"seed": 1})
    other = Run(None, run.settings.model_copy(update={"tuning": tuning}), None, DAY, "r")  # type: ignore[arg-type]
    assert open_search(other).study_name != open_search(run).study_name


def test_a_trial_that_is_poor_on_its_first_fold_is_given_up(run: Run) -> None:
    study = open_search(run)
    judged = []

    def value(number: float) -> float:
        judged.append(number)
        return number

    for number in (0.5, 0.6, 0.7, 0.8, 0.1):
        trial, _ = ask_trial(study, run.settings)
        tune._try(study, trial, [lambda n=number: value(n), lambda n=number: value(n)])
    assert judged[-3:] == [0.8, 0.8, 0.1]
    states = [trial.state for trial in study.get_trials()]
    assert states == [TrialState.COMPLETE] * 4 + [TrialState.PRUNED]
    best = best_trial(study)
    assert best is not None and best.value == 0.8
    assert best.user_attrs == {"fold_1": 0.8, "fold_2": 0.8}


def test_a_hundredth_more_counts_alike_of_a_small_value_and_a_large_one() -> None:
    small = geometric_mean({"next_item": 0.0505, "purchase": 0.8})
    large = geometric_mean({"next_item": 0.05, "purchase": 0.808})
    assert round(small, 12) == round(large, 12) > geometric_mean({"a": 0.05, "b": 0.8})
