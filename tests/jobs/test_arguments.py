"""Dates and numbers on the command lines of jobs that run no stage."""

import pytest

from jobs import check_source, models, simulate


@pytest.fixture
def places(tmp_path, monkeypatch, logs_as_before):
    for name in ("landing", "registry"):
        monkeypatch.setenv(f"INSIGHT_SET_{name.upper()}", str(tmp_path / name))
    return tmp_path


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2024-02-30", "20240310"])
@pytest.mark.parametrize(
    ("main", "arguments", "argument"),
    [
        (check_source.main, ["--source", "rees46", "--file", "x.csv"], "--date"),
        (models.main, ["--archive", "v", "--reason", "why"], "--date"),
        (simulate.main, [], "--first"),
    ],
    ids=["check_source", "models", "simulate"],
)
def test_a_date_that_is_none_ends_with_two(places, main, arguments, argument, day, capsys):
    assert main([*arguments, argument, day]) == 2
    assert f"argument {argument}" in capsys.readouterr().err
    assert not (places / "landing").exists()


@pytest.mark.parametrize("given", [["--days", "0"], ["--days", "3651"], ["--events", "-1"]])
def test_a_simulation_of_no_days_or_events_ends_with_two(places, given, capsys):
    assert simulate.main(given) == 2
    assert f"argument {given[0]}: found {given[1]}" in capsys.readouterr().err
    assert not (places / "landing").exists()
