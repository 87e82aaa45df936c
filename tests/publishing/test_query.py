"""jobs/query.py: an answer as a table, or a reason and exit code 2."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from insight.delta import Lake
from jobs import query

pytestmark = pytest.mark.usefixtures("logs_as_before")


@pytest.fixture
def settings(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    settings = SimpleNamespace(lake=lake.root)
    monkeypatch.setattr(query, "load_settings", lambda _: settings)
    return settings


@pytest.mark.parametrize("engine", ["spark", "duckdb"])
def test_an_answer_is_printed(
    engine: str, settings: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    sql = "SELECT contender, value, row_count FROM evaluation_latest ORDER BY value DESC"
    assert query.main(["--engine", engine, "--limit", "2", sql]) == 0
    printed = capsys.readouterr().out
    assert "│ challenger   │ 0.8100 │     1,234 │" in printed
    assert "2 rows (of more: raise --limit 2)" in printed


def test_an_amount_is_printed_whole(capsys: pytest.CaptureFixture[str]) -> None:
    amounts = ("1.288900", "6060.000000", "0.000001")
    query.show(["amount"], [[Decimal(amount)] for amount in amounts], limit=3)
    printed = capsys.readouterr().out
    assert "│   1.2889 │\n│    6,060 │\n│ 0.000001 │" in printed


@pytest.mark.parametrize("engine", ["spark", "duckdb"])
@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        pytest.param("SELEC 1 FROM evaluation", "mend the query", id="not SQL"),
        pytest.param("SELECT valeu FROM evaluation", "mend the query", id="no such column"),
        pytest.param("SELECT 1 FROM customers", "run jobs/nightly.py first", id="no table yet"),
    ],
)
def test_a_wrong_query_is_explained(
    engine: str,
    sql: str,
    reason: str,
    settings: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert query.main(["--engine", engine, sql]) == 2
    assert reason in capsys.readouterr().err


def test_no_lake_is_explained(
    tmp_path: Path, settings: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.lake = str(tmp_path)
    assert query.main(["--engine", "duckdb", "SELECT 1"]) == 2
    assert "no tables" in capsys.readouterr().err
