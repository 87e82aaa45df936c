"""Row 36: SQL or a path where a date, a table, a source, a profile or a stage is asked for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from insight.errors import SettingsError
from insight.launch import launch
from insight.maintenance.restore import restoring
from insight.settings import load_settings
from insight.sources.source import load_source
from jobs import backfill, maintain

pytestmark = pytest.mark.usefixtures("logs_as_before")

POISON = (
    "2017-11-30' OR '1'='1",
    "2017-11-30; DROP TABLE events",
    "../../../etc/passwd",
    "events`; --",
    "٢٠١٧-١١-٣٠",
    "2017-11-30\n",
    "",
)


@pytest.fixture(autouse=True)
def _no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is refused before any session, and so before any table, is opened."""

    def opened(*_: object) -> None:
        pytest.fail("a session was opened")

    monkeypatch.setattr("insight.launch.build_session", opened)
    monkeypatch.setattr("jobs.backfill.build_session", opened)


@pytest.mark.parametrize("text", POISON)
def test_fault_36_a_date_that_is_none_is_refused(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch(arguments=[f"--date={text}"]) == 2
    assert backfill.main([f"--from={text}", "--to=2017-11-30"]) == 2
    assert capsys.readouterr().err.count("a date like 2017-11-30") == 2


@pytest.mark.parametrize("text", POISON)
def test_fault_36_a_table_or_a_stage_that_is_none_is_refused(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    days = ("--from=2017-11-30", "--to=2017-11-30")
    assert backfill.main([*days, f"--stages={text}"]) == 2
    assert maintain.main(["--date=2017-11-30", f"--restore={text}", "--version=0"]) == 2
    assert capsys.readouterr().err.count("SettingsError") == 2


@pytest.mark.parametrize("text", POISON)
@pytest.mark.parametrize(
    "ask",
    [
        load_source,
        load_settings,
        lambda text: restoring(text, 0),
        lambda text: load_settings(overrides={"sources": [text]}).sources and load_source(text),
    ],
    ids=["source", "profile", "table", "setting"],
)
def test_fault_36_only_listed_names_are_opened(text: str, ask: Callable[[str], object]) -> None:
    with pytest.raises(SettingsError):
        ask(text)


def test_fault_36_a_source_beside_the_folder_is_not_reached(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "secret.yml").write_text("source: secret\nfeeds: []\n")
    with pytest.raises(SettingsError, match="one of"):
        load_source("../secret", conf=tmp_path)
