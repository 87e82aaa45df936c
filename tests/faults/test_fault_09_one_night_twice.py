"""Row 9: one night twice, one after the other and at once."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import RunConflictError
from insight.events.stage import CLEAN
from insight.launch import run_stages
from insight.lease.holding import FOLDER
from insight.lease.term import Term
from insight.sources.stage import INGEST
from insight.stages import Run, Stage
from insight.tables import CUSTOMER_FEATURES, DATA_QUALITY, EVENTS, ITEMS, SESSIONS
from insight.transaction import Transaction
from tests.small_lake import content, invoice, land_invoices, open_night, run_night

DAY, NEXT_DAY = "2010-12-01", "2010-12-02"
UP_TO_CLEAN = (INGEST, CLEAN)


def test_fault_09_one_night_twice_in_a_row_changes_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY, number=n, item=f"I{n}") for n in range(3)])
    run_night(spark, tmp_path, DAY)
    run = open_night(spark, tmp_path, DAY)
    before = {table.name: content(run, table) for table in (EVENTS, SESSIONS, CUSTOMER_FEATURES)}
    run_night(spark, tmp_path, DAY)
    after = {table.name: content(run, table) for table in (EVENTS, SESSIONS, CUSTOMER_FEATURES)}
    assert after == before
    assert before["events"][0] == 3


def _others_meanwhile(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Let others act between the audit of the first rows and their commit."""
    commit = Transaction.commit

    def after_the_others(transaction: Transaction, **given: str) -> int | None:
        if transaction.size == 0:
            return commit(transaction, **given)
        monkeypatch.setattr(Transaction, "commit", commit)
        meanwhile()
        return commit(transaction, **given)

    monkeypatch.setattr(Transaction, "commit", after_the_others)


def _expire_lease(folder: Path) -> None:
    """Age the lease, as if its run had been suspended for longer than the lease holds."""
    newest = max((folder / "lake" / FOLDER).iterdir())
    expired = Term.from_text(newest.read_text())
    expired = replace(expired, expires_at=expired.acquired_at)
    newest.write_text(expired.as_text())


def test_fault_09_a_second_run_beside_the_first_is_refused_whatever_its_date(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, day in enumerate((DAY, NEXT_DAY)):
        land_invoices(tmp_path, day, [invoice(day, number=number)])
    first = open_night(spark, tmp_path, DAY)
    refused: list[RunConflictError] = []

    def others() -> None:
        for day in (DAY, NEXT_DAY):
            with pytest.raises(RunConflictError) as conflict:
                run_stages(UP_TO_CLEAN, open_night(spark, tmp_path, day))
            refused.append(conflict.value)

    _others_meanwhile(monkeypatch, others)
    run_stages(UP_TO_CLEAN, first)
    assert len(refused) == 2
    for conflict in refused:
        assert conflict.exit_code == 1
        assert f"run {first.run_id} of {DAY} (process {os.getpid()} on " in conflict.found
    # The first one ended well, and gave the lease back.
    run_stages(UP_TO_CLEAN, open_night(spark, tmp_path, NEXT_DAY))
    assert open_night(spark, tmp_path, NEXT_DAY).lake.read(EVENTS).count() == 2


def test_fault_09_a_run_that_lost_its_lease_does_not_commit(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY)])
    slow = open_night(spark, tmp_path, DAY)
    run_stages((INGEST,), slow)

    def rival() -> None:
        _expire_lease(tmp_path)
        run_stages(UP_TO_CLEAN, open_night(spark, tmp_path, DAY))

    _others_meanwhile(monkeypatch, rival)
    with pytest.raises(RunConflictError) as refused:
        run_stages((CLEAN,), slow)
    assert refused.value.exit_code == 1
    assert "table items" in refused.value.subject
    # The rival came between our own look at the lease and the commit: Delta notices.
    assert "another commit to the same rows" in refused.value.found
    lake = open_night(spark, tmp_path, DAY).lake
    assert lake.read(EVENTS).count() == 1
    assert len(lake.past_commits(DATA_QUALITY, limit=10)) == 2
    # Before the next stage the slow run sees that it has no lease, though nothing collides.
    items = Stage("items", reads=(), writes=(ITEMS,), work=lambda run: None)

    def lost(run: Run) -> str | None:
        _expire_lease(tmp_path)
        run_stages((items,), open_night(spark, tmp_path, DAY))
        return None

    with pytest.raises(RunConflictError, match=r"stage items of .*the lake's lease lost"):
        run_stages((Stage("slow", reads=(), writes=(), work=lost), items), slow)
