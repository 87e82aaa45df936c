"""Every landing file exactly once, under the key the lake began with."""

import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import (
    MAY_BE_RETRIED,
    EmptyInputError,
    LandingFileChangedError,
    SettingsError,
    SourceFormatError,
)
from insight.launch import run_stages
from insight.sources.declaration import Feed
from insight.sources.entries import file_state
from insight.sources.inspection import FileFacts, inspect_files
from insight.sources.stage import INGEST
from insight.stages import Run
from insight.tables import INGEST_LOG, RAW_CUSTOMERS, RAW_EVENTS
from tests.small_lake import invoice, land_invoices, open_night, written_to_lake

OTHER_KEY = "8b1ac9f2d47e03556cf0e9a7b25d1384e6f97c0a3d58214bbfa06e71c892d35f"
WEDNESDAY, THURSDAY, FRIDAY = "2010-12-01", "2010-12-02", "2010-12-03"


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A landing folder with a blank in its name; the first night has read two days at once."""
    folder = tmp_path_factory.mktemp("lake") / "my shop"
    land_invoices(folder, WEDNESDAY, [invoice(WEDNESDAY), invoice(WEDNESDAY, number=2)])
    land_invoices(folder, THURSDAY, [invoice(THURSDAY, customer="")])
    land_invoices(folder, FRIDAY, [invoice(FRIDAY)])
    _ingest(spark, folder, THURSDAY)
    return folder


def _ingest(spark: SparkSession, folder: Path, day: str, **settings: object) -> Run:
    run = open_night(spark, folder, day, **settings)
    run_stages((INGEST,), run)
    run.lake.begin_stage()
    return run


def test_all_files_up_to_the_date_are_read_and_none_after_it(
    spark: SparkSession, shop: Path
) -> None:
    lake = open_night(spark, shop, THURSDAY).lake
    log = lake.read(INGEST_LOG).where("feed = 'invoices'").orderBy("file").collect()
    assert [(row["file"], row["row_count"], row["ingest_date"]) for row in log] == [
        (f"online_retail/{WEDNESDAY}.csv", 2, date(2010, 12, 2)),
        (f"online_retail/{THURSDAY}.csv", 1, date(2010, 12, 2)),
    ]
    rows = lake.read(RAW_EVENTS).orderBy("event_at", "order_id").collect()
    assert [(row["source_file"], row["file_date"].isoformat()) for row in rows] == [
        (f"online_retail/{WEDNESDAY}.csv", WEDNESDAY),
        (f"online_retail/{WEDNESDAY}.csv", WEDNESDAY),
        (f"online_retail/{THURSDAY}.csv", THURSDAY),
    ]
    assert [row["customer_id"] is None for row in rows] == [False, False, True]
    assert "17850" not in str(rows)
    # No feed of this source brings customers: their table is there, and empty.
    assert lake.read(RAW_CUSTOMERS).isEmpty()


def test_a_rerun_finds_everything_read(spark: SparkSession, shop: Path) -> None:
    run = open_night(spark, shop, THURSDAY)
    before = run.lake.version(RAW_EVENTS)
    assert INGEST.work(run) == "every file of this date has been read already"
    run.lake.begin_stage()
    assert run.lake.version(RAW_EVENTS) == before
    rows = run.lake.read(RAW_EVENTS).count()
    # By a declaration that has changed, if a setting says so.
    again = open_night(spark, shop, THURSDAY, ingest__read_again=True)
    assert INGEST.work(again) is None
    again.lake.begin_stage()
    assert again.lake.version(RAW_EVENTS) == before + 1
    assert again.lake.read(RAW_EVENTS).count() == rows


def test_a_day_whose_file_another_night_has_read_is_an_empty_day(
    spark: SparkSession, shop: Path
) -> None:
    with pytest.raises(EmptyInputError, match=f"no event file dated {WEDNESDAY}; nothing unread"):
        INGEST.work(open_night(spark, shop, WEDNESDAY))


def test_a_file_changed_after_it_was_read_is_refused(spark: SparkSession, shop: Path) -> None:
    path = shop / "landing" / "online_retail" / f"{WEDNESDAY}.csv"
    text = path.read_text()
    path.write_text(text + invoice(WEDNESDAY, number=3) + "\n")
    try:
        with pytest.raises(SourceFormatError, match=f"{WEDNESDAY}.csv") as refused:
            INGEST.work(open_night(spark, shop, FRIDAY))
    finally:
        path.write_text(text)
    assert f"{len(text.encode())} bytes, as when it was read" in refused.value.expected
    assert "run 2010-12-02 again" in refused.value.next_step


def test_other_content_of_the_same_size_and_time_is_refused(
    spark: SparkSession, shop: Path
) -> None:
    path = shop / "landing" / "online_retail" / f"{WEDNESDAY}.csv"
    text, before = path.read_text(), path.stat()
    path.write_text(text.replace(",2,", ",9,"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    try:
        with pytest.raises(SourceFormatError, match=f"{WEDNESDAY}.csv") as refused:
            INGEST.work(open_night(spark, shop, FRIDAY))
        # Nor does the date that has read it take the new content without being asked.
        with pytest.raises(SourceFormatError, match="other content than the run of") as again:
            INGEST.work(open_night(spark, shop, THURSDAY))
    finally:
        path.write_text(text)
    assert refused.value.found == "other content of the same size"
    assert "ingest.accept_changed_files=true" in again.value.next_step


def test_a_rerun_takes_changed_content_only_if_a_setting_says_so(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = land_invoices(tmp_path, WEDNESDAY, [invoice(WEDNESDAY)])
    _ingest(spark, tmp_path, WEDNESDAY)
    path.write_text(path.read_text().replace(",2,", ",9,"))
    with pytest.raises(SourceFormatError, match="deliver corrections as a new file"):
        _ingest(spark, tmp_path, WEDNESDAY)
    run = _ingest(spark, tmp_path, WEDNESDAY, ingest__accept_changed_files=True)
    assert [row["quantity"] for row in run.lake.read(RAW_EVENTS).collect()] == [9.0]
    # What was written to without a change is logged as it is now, and not read again.
    path.write_text(path.read_text())
    land_invoices(tmp_path, THURSDAY, [invoice(THURSDAY)])
    run = _ingest(spark, tmp_path, THURSDAY)
    states = {row["file"]: row["file_state"] for row in run.lake.read(INGEST_LOG).collect()}
    assert states[f"online_retail/{WEDNESDAY}.csv"] == file_state(spark, f"file:{path}")
    assert run.lake.read(INGEST_LOG).count() == 4


def test_changed_files_of_two_dates_are_taken_one_date_after_the_other(
    spark: SparkSession, tmp_path: Path
) -> None:
    days = (WEDNESDAY, THURSDAY)
    paths = [land_invoices(tmp_path, day, [invoice(day)]) for day in days]
    for day in days:
        _ingest(spark, tmp_path, day)
    # One of another size, one of the same.
    paths[0].write_text(paths[0].read_text().replace(",2,", ",19,"))
    paths[1].write_text(paths[1].read_text().replace(",2,", ",9,"))
    for day in days:
        run = _ingest(spark, tmp_path, day, ingest__accept_changed_files=True)
    quantities = {
        row["source_file"]: row["quantity"] for row in run.lake.read(RAW_EVENTS).collect()
    }
    assert list(dict(sorted(quantities.items())).values()) == [19.0, 9.0]
    # The next night finds what was read.
    land_invoices(tmp_path, FRIDAY, [invoice(FRIDAY)])
    assert _ingest(spark, tmp_path, FRIDAY).lake.read(RAW_EVENTS).count() == 3


def test_a_file_that_grows_while_it_is_read_leaves_every_table_as_it_was(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = land_invoices(tmp_path, WEDNESDAY, [invoice(WEDNESDAY)])

    def inspect_then_grow(spark: SparkSession, files: Sequence[str], feed: Feed) -> list[FileFacts]:
        facts = inspect_files(spark, files, feed)
        with path.open("a") as file:
            file.write(invoice(WEDNESDAY, number=2) + "\n")
        return facts

    run = open_night(spark, tmp_path, WEDNESDAY)
    with monkeypatch.context() as patched:
        patched.setattr("insight.sources.deliveries.inspect_files", inspect_then_grow)
        with pytest.raises(LandingFileChangedError, match=f"{WEDNESDAY}.csv") as refused:
            run_stages((INGEST,), run)
    assert refused.value.exit_code == MAY_BE_RETRIED
    run.lake.begin_stage()
    assert run.lake.read(RAW_EVENTS).isEmpty()
    assert run.lake.read_or_empty(INGEST_LOG).isEmpty()
    assert _ingest(spark, tmp_path, WEDNESDAY).lake.read(RAW_EVENTS).count() == 2


def test_another_key_than_the_lakes_is_refused_by_its_id(
    spark: SparkSession, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSIGHT_PSEUDONYM_KEY", OTHER_KEY)
    with pytest.raises(SettingsError, match="which this lake began with") as refused:
        INGEST.work(open_night(spark, shop, FRIDAY))
    assert refused.value.subject == "pseudonym key"
    assert OTHER_KEY not in str(refused.value)


@pytest.mark.parametrize("lines", [[], ["", " "]])
def test_a_file_of_nothing_but_its_header_is_an_empty_day(
    spark: SparkSession, tmp_path: Path, lines: list[str]
) -> None:
    land_invoices(tmp_path, WEDNESDAY, [invoice(WEDNESDAY)])
    land_invoices(tmp_path, THURSDAY, lines)
    with pytest.raises(EmptyInputError, match="no rows in") as refused:
        _ingest(spark, tmp_path, THURSDAY)
    assert f"{THURSDAY}.csv" in refused.value.found
    assert written_to_lake(tmp_path) == []


def test_a_missing_landing_folder_is_an_empty_day(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="nothing unread") as refused:
        _ingest(spark, tmp_path, WEDNESDAY)
    assert str(tmp_path / "landing") in refused.value.subject
    assert written_to_lake(tmp_path) == []


def test_a_source_nobody_declared_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="source 'online_retial'"):
        _ingest(spark, tmp_path, WEDNESDAY, sources=["online_retial"])


def test_a_first_day_without_trade_leaves_every_table_there_and_empty(
    spark: SparkSession, tmp_path: Path
) -> None:
    run = _ingest(spark, tmp_path, WEDNESDAY, ingest__allow_empty_day=True)
    assert all(run.lake.read(table).isEmpty() for table in INGEST.writes)
