"""Row 9: one night twice, one after the other and at once."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import RunConflictError
from insight.events.stage import CLEAN
from insight.launch import run_stages
from insight.sources.stage import INGEST
from insight.tables import CUSTOMER_FEATURES, DATA_QUALITY, EVENTS, SESSIONS
from insight.transaction import Transaction
from tests.small_lake import content, invoice, land_invoices, open_night, run_night

DAY = "2010-12-01"


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


def test_fault_09_one_night_twice_at_once_lets_one_win(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_invoices(tmp_path, DAY, [invoice(DAY)])
    slow = open_night(spark, tmp_path, DAY)
    run_stages((INGEST,), slow)
    commit = Transaction.commit

    def after_the_rival(transaction: Transaction, **given: str) -> int | None:
        """The other run does all of its work between this one's audit and its first commit."""
        if transaction.is_empty:
            return commit(transaction, **given)
        monkeypatch.setattr(Transaction, "commit", commit)
        run_night(spark, tmp_path, DAY)
        return commit(transaction, **given)

    monkeypatch.setattr(Transaction, "commit", after_the_rival)
    with pytest.raises(RunConflictError) as refused:
        run_stages((CLEAN,), slow)
    assert refused.value.exit_code == 1
    assert "table items" in refused.value.subject
    # Not our own look at the log, but Delta's: the rival came after it.
    assert "another commit to the same rows" in refused.value.found
    lake = open_night(spark, tmp_path, DAY).lake
    assert lake.read(EVENTS).count() == 1
    assert len(lake.past_commits(DATA_QUALITY, limit=10)) == 2
