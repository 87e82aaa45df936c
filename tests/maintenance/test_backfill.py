"""A backfill: a range of nights in one application, in order, up to the first error."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.tables import EVENTS, INGEST_LOG, RUN_LOG
from jobs import backfill
from tests.small_lake import invoice, land_invoices, open_night

FIRST, CLOSED, THIRD, BROKEN, LAST = (f"2010-12-0{n}" for n in range(1, 6))
STAGES = "clean,ingest"


def _backfill(folder: Path, first: str, last: str, *more: str) -> int:
    places = {
        "sources": ["online_retail"],
        **{name: str(folder / name) for name in ("lake", "landing", "registry", "report")},
        "pseudonym_key_file": str(folder / "key"),
    }
    given = [f"--set={name}={json.dumps(value)}" for name, value in places.items()]
    return backfill.main(["--from", first, "--to", last, *given, *more])


@pytest.fixture
def session(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> SparkSession:
    monkeypatch.setattr(backfill, "build_session", lambda name: spark)
    return spark


def test_a_range_runs_in_order_passes_over_days_without_delivery_and_ends_at_an_error(
    session: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, day in enumerate((FIRST, THIRD, LAST)):
        land_invoices(tmp_path, day, [invoice(day, number=number)])
    land_invoices(tmp_path, BROKEN, [invoice(BROKEN)], header="Something,Else")
    code = _backfill(tmp_path, FIRST, LAST, "--stages", STAGES)
    said = capsys.readouterr()
    assert code == 2
    assert f"Done: {FIRST}, {THIRD}\nNo delivery: {CLOSED}\n" in said.out
    assert f"{BROKEN}.csv" in said.err
    run = open_night(session, tmp_path, LAST)
    read = run.lake.read(INGEST_LOG).select("ingest_date").distinct().collect()
    assert sorted(str(row["ingest_date"]) for row in read) == [FIRST, THIRD]
    stages = run.lake.read(RUN_LOG).where("table_name = 'stage'").orderBy("logged_at").collect()
    # In the night's order, whatever the argument's.
    night = ["ingest", "clean"]
    assert [row["stage"] for row in stages] == [*night, *night, "ingest"]
    assert run.lake.read(EVENTS).count() == 2


def test_an_allowed_empty_day_is_run_as_the_night_runs_it(
    session: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    land_invoices(tmp_path, FIRST, [invoice(FIRST)])
    allowed = ("--set", "ingest.allow_empty_day=true", "--stages", "ingest")
    assert _backfill(tmp_path, FIRST, CLOSED, *allowed) == 0
    assert f"Done: {FIRST}, {CLOSED}\nNo delivery: none\n" in capsys.readouterr().out


def test_stages_without_ingest_run_for_dates_that_were_read(
    session: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    land_invoices(tmp_path, FIRST, [invoice(FIRST)])
    assert _backfill(tmp_path, FIRST, FIRST, "--stages", "ingest") == 0
    land_invoices(tmp_path, CLOSED, [invoice(CLOSED)])
    assert _backfill(tmp_path, FIRST, CLOSED, "--stages", "clean") == 0
    assert f"Done: {FIRST}\nNo delivery: {CLOSED}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((FIRST, "2010-12-1"), "argument --to: found '2010-12-1'"),
        (("0001-01-01", FIRST), "argument --from: found '0001-01-01'"),
        ((LAST, FIRST), "arguments --from and --to"),
        ((FIRST, FIRST, "--stages", "clean,dream"), "argument --stages: found 'dream'"),
        ((FIRST, FIRST, "--set", "lake"), "argument --set: found 'lake'"),
        ((FIRST, FIRST, "--set", "clean.late_day=1"), "setting clean.late_day"),
    ],
)
def test_a_mistaken_command_line_ends_with_two_and_starts_nothing(
    arguments: tuple[str, ...], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _backfill(tmp_path, *arguments) == 2
    said = capsys.readouterr()
    assert named in said.err
    assert "Done: none" in said.out
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_foreseen_may_be_retried(
    session: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    land_invoices(tmp_path, FIRST, [invoice(FIRST)])

    def surprise(*given: object) -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(backfill, "run_stages", surprise)
    assert _backfill(tmp_path, FIRST, FIRST) == 1
    assert "Done: none" in capsys.readouterr().out
