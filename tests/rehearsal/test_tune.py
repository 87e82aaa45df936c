"""A search trains on past nights alone, and its second start goes on where the first ended."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from insight.registry import Registry
from insight.rehearsal import tune
from insight.rehearsal.search import best_trial, open_search
from insight.settings import TrainingSettings
from insight.stages import Run, StageRecord, run_stage
from jobs.tune import summarise
from tests.frames import DAY
from tests.rehearsal.conftest import versions


def _start(run: Run, trials: int, **changes: Any) -> list[StageRecord]:
    tuning = run.settings.tuning.model_copy(update={"trials": trials, **changes})
    records: list[StageRecord] = []
    settings = run.settings.model_copy(update={"tuning": tuning})
    run_stage(tune.TUNE, replace(run, settings=settings), records)
    return records


@pytest.fixture
def own(run: Run, tmp_path: Path) -> Run:
    """The same lake with a registry of the test's own."""
    settings = run.settings.model_copy(update={"registry": tmp_path / "registry"})
    return replace(run, settings=settings)


def _logged(run: Run) -> list[Any]:
    client = Registry(run.settings.registry).store._client
    experiment = client.get_experiment_by_name(open_search(run).study_name)
    return sorted(client.search_runs([experiment.experiment_id]), key=lambda r: r.info.run_name)


def test_a_second_start_goes_on_and_every_trial_is_logged(
    own: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = versions(own)
    judged: list[tuple[Any, float]] = []
    real = tune.value_on

    def value_on(night: Run, training: TrainingSettings, *, registry: Path) -> float:
        judged.append((night.run_date, training.learning_rate))
        if len(judged) == 2:
            raise KeyboardInterrupt
        return real(night, training, registry=registry)

    monkeypatch.setattr(tune, "value_on", value_on)
    with pytest.raises(KeyboardInterrupt):
        _start(own, 2)
    records = _start(own, 2)
    assert records[-1].detail is None
    # The first trial is not tried again, and the one that was left half done is.
    rates = [rate for _, rate in judged]
    assert rates[0] == own.settings.training.learning_rate
    assert len(rates) == 3 and rates[1] == rates[2] != rates[0]
    # Horizons of two days: the newest fold's labels end where the newest test window begins.
    assert {night for night, _ in judged} == {DAY - timedelta(days=2)}
    assert "already has its 2 trials" in (_start(own, 2)[-1].detail or "")
    assert versions(own) == before

    logged = _logged(own)
    assert [run.data.tags["state"] for run in logged] == ["COMPLETE", "FAIL", "COMPLETE"]
    first, last = logged[0].data, logged[-1].data
    assert float(first.params["learning_rate"]) == rates[0]
    assert set(first.params) == {"learning_rate", "training_seed", "search_seed"}
    assert 0 < last.metrics["fold_1"] == last.metrics["mean"] < 1
    assert not Registry(own.settings.registry).decisions()

    best = best_trial(open_search(own))
    assert best is not None
    summarise(own, records)
    printed = capsys.readouterr().out
    assert yaml.safe_load(printed.split("conf/:")[1]) == {"training": best.params}


def test_no_trial_begins_after_the_time_is_over(own: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tune, "_is_late", lambda *_: True)
    monkeypatch.setattr(tune, "_nights", lambda night: ([night], None))
    _start(own, 2)
    assert not [trial for trial in open_search(own).get_trials() if trial.value is not None]
