"""The history of a training, beside its weights."""

from pathlib import Path

from insight.models.history import load_history, save_history


def test_the_history_is_kept_but_for_the_speed_of_the_machine(tmp_path: Path) -> None:
    epochs = [{"epoch": 1, "loss": 0.5, "examples_per_second": 9.0}, {"epoch": 2, "loss": 0.25}]
    save_history(tmp_path, epochs)
    assert load_history(tmp_path) == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]


def test_a_version_of_before_has_no_history(tmp_path: Path) -> None:
    assert load_history(tmp_path) == []
