"""jobs/query.py: an answer as a table, or a reason and exit code 2."""

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

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


@pytest.mark.parametrize("engine", ["spark", "duckdb"])
def test_a_lost_data_file_blocks_its_own_table_alone(
    engine: str,
    tmp_path: Path,
    settings: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.lake = f"{tmp_path}/my lake"
    for name in ("sessions", "quarantine"):
        _write(settings.lake, name, ["lost" if name == "quarantine" else "here"])
    (file,) = Path(settings.lake, "quarantine").glob("*.parquet")
    file.unlink()
    assert query.main(["--engine", engine, "SELECT value FROM sessions"]) == 0
    assert "here" in capsys.readouterr().out
    assert query.main(["--engine", engine, "SELECT value FROM quarantine"]) == 2
    message = capsys.readouterr().err
    assert "TableDamagedError" in message and file.name in message and "quarantine" in message


@pytest.mark.parametrize("engine", ["spark", "duckdb"])
def test_a_damaged_log_is_explained(
    engine: str,
    tmp_path: Path,
    settings: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.lake = str(tmp_path)
    _write(settings.lake, "sessions", ["x"])
    (tmp_path / "sessions/_delta_log/00000000000000000000.json").write_text('{"metaData": {"i')
    assert query.main(["--engine", engine, "SELECT value FROM sessions"]) == 2
    assert "TableDamagedError" in capsys.readouterr().err


def _write(lake: str, name: str, values: list[str]) -> None:
    write_deltalake(f"{lake}/{name}", pa.table({"value": values}))


def test_no_lake_is_explained(
    tmp_path: Path, settings: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.lake = str(tmp_path)
    assert query.main(["--engine", "duckdb", "SELECT 1"]) == 2
    assert "no tables" in capsys.readouterr().err
