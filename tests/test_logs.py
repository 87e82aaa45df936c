"""Logs show where an error happened, without values of rows and without local variables."""

import json
import logging
from collections.abc import Callable
from datetime import date

import pytest

from insight import launch as launching
from insight.errors import MAY_BE_RETRIED
from insight.launch import launch
from insight.logs import configure_logs, logger
from insight.settings import load_settings
from insight.stages import Run, Stage

pytestmark = pytest.mark.usefixtures("logs_as_before")

CANARY = "zq-17850-anna"
DAY = "2024-03-10"
FORMATS = ("console", "json")


class LakeOnAFullDisk:
    """A lake that cannot be asked for its tables; the error quotes what it tried to write."""

    lease = object()

    def has_tables(self) -> bool:
        row = CANARY
        raise RuntimeError(f"cannot write the value '{row}'")


def _cast(*_: object) -> None:
    customer = CANARY
    raise ValueError(f"[CAST_INVALID_INPUT] The value '{customer}' cannot be cast to BIGINT")


@pytest.fixture
def error_log(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capsys.readouterr().err


@pytest.mark.parametrize("format", FORMATS)
def test_a_stage_and_the_run_log_fail_and_no_value_reaches_the_log(
    format: str, error_log: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSIGHT_LOG_FORMAT", format)
    day = date.fromisoformat(DAY)
    run = Run(None, load_settings("local"), LakeOnAFullDisk(), day, "run")  # type: ignore[arg-type]
    monkeypatch.setattr(launching, "build_session", lambda name: None)
    monkeypatch.setattr(launching, "open_run", lambda *_: run)
    monkeypatch.setattr(launching, "run_stage", _cast)
    stage = Stage(name="test", reads=(), writes=(), work=lambda run: None)
    assert launch(stage, arguments=["--date", DAY]) == MAY_BE_RETRIED
    text = error_log()
    assert CANARY not in text
    assert text.count("run log not written") == 1 and text.count("unexpected error") == 1
    # Both errors, the first of them twice: as the second one's context and by itself.
    assert text.count("ValueError: [CAST_INVALID_INPUT] The value [value] cannot be cast") == 2
    assert text.count("RuntimeError: cannot write the value [value]") == 1
    assert "in has_tables" in text and "in _cast" in text


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("as_given", [lambda error: True, lambda error: error])
def test_every_way_to_log_an_exception_gives_its_traceback(
    as_given: Callable[[Exception], object],
    format: str,
    error_log: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INSIGHT_LOG_FORMAT", format)
    configure_logs(level=logging.INFO)
    try:
        _cast()
    except ValueError as error:
        logger("test").warning("lease not renewed", exc_info=as_given(error))
    text = error_log()
    assert CANARY not in text and "in _cast" in text
    if format == "json":
        entry = json.loads(text)
        assert entry["exception"].startswith("Traceback (most recent call last):\n")
        assert "exc_info" not in entry
