"""A lake has one pseudonym key, whatever tables its first night brought."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from structlog.testing import capture_logs

from insight.errors import SettingsError
from insight.launch import run_stages
from insight.notes import NotedFolder
from insight.privacy.keys import PSEUDONYM_KEY
from insight.privacy.lake_key import KEY_RECORD, load_lake_key, record_key
from insight.privacy.pseudonyms import PseudonymKey
from insight.sources.stage import INGEST
from insight.stages import Run
from insight.tables import RAW_CUSTOMERS, RAW_EVENTS
from tests.frames import frame, with_utc_bounds
from tests.small_lake import open_night

KEY = "5e0c1f7ab3924d86f1e07c2958da63b40f9d17ce82ab64535d7e90fb31c826a4"
OTHER = "91bd40e7c63f2a58d7042be8f5169c3a0e84f7d21c5b96a3f8d0e3724a95bc16"
FIRST, SECOND = "2024-03-10", "2024-03-11"


def _night(spark: SparkSession, folder: Path, day: str) -> Run:
    return open_night(spark, folder, day, sources=["plain"], ingest__allow_empty_day=True)


def _ids(folder: Path) -> Path:
    return folder / "lake" / KEY_RECORD


@pytest.fixture(scope="module")
def shop(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake whose first night brought customers alone; its second has an event to bring."""
    folder = tmp_path_factory.mktemp("keys")
    for name, day, lines in (
        ("customers", FIRST, "customer_id\nanna\n"),
        ("events", SECOND, f"event_at,event_type,customer_id,item_id\n{SECOND},view,anna,tea\n"),
    ):
        path = folder / "landing" / "plain" / name / f"{day}.csv"
        path.parent.mkdir(parents=True)
        path.write_text(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PSEUDONYM_KEY, KEY)
        run_stages((INGEST,), _night(spark, folder, FIRST))
    return folder


def test_another_key_is_refused_though_the_lake_has_only_customers(
    spark: SparkSession, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PSEUDONYM_KEY, OTHER)
    run = _night(spark, shop, SECOND)
    with pytest.raises(SettingsError, match="which this lake began with") as refused:
        run_stages((INGEST,), run)
    first, other = (PseudonymKey(key.encode()).key_id for key in (KEY, OTHER))
    assert f"key {first}" in refused.value.expected and refused.value.found == f"key {other}"
    assert refused.value.exit_code == 2
    assert run.lake.read(RAW_EVENTS).isEmpty()


def test_a_lost_key_is_asked_for_by_its_id_and_none_is_made(
    spark: SparkSession, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)
    run = _night(spark, shop, SECOND)
    assert run.settings.generate_local_key
    with pytest.raises(SettingsError, match=PSEUDONYM_KEY) as refused:
        run_stages((INGEST,), run)
    assert PseudonymKey(KEY.encode()).key_id in refused.value.expected
    assert not run.settings.pseudonym_key_file.exists()


def test_a_lake_without_the_record_takes_the_key_from_the_rows_of_any_table(
    spark: SparkSession, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = _ids(shop).read_text()
    assert json.loads(record) == {"key_id": PseudonymKey(KEY.encode()).key_id}
    _ids(shop).unlink()
    monkeypatch.setenv(PSEUDONYM_KEY, OTHER)
    run = _night(spark, shop, SECOND)
    with pytest.raises(SettingsError, match="which this lake began with"):
        load_lake_key(run.lake, shop / "key", may_generate=True)
    monkeypatch.setenv(PSEUDONYM_KEY, KEY)
    with capture_logs() as logged:
        key = load_lake_key(run.lake, shop / "key", may_generate=True)
    assert [entry["key_id"] for entry in logged] == [key.key_id]
    record_key(run.lake, key)
    assert _ids(shop).read_text() == record


def test_of_two_first_nights_at_once_the_one_with_another_key_stops(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = _night(spark, tmp_path, FIRST).lake
    record_key(lake, PseudonymKey(KEY.encode()))
    record_key(lake, PseudonymKey(KEY.encode()))
    with pytest.raises(SettingsError, match="another run began this lake"):
        record_key(lake, PseudonymKey(OTHER.encode()))


def test_of_two_runs_that_record_a_key_at_once_one_creates_the_file_and_the_other_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake: Any = NotedFolder(None, f"file:{tmp_path}/lake")  # type: ignore[arg-type]
    winner, loser = (PseudonymKey(key.encode()) for key in (KEY, OTHER))
    link = os.link

    def late(*names: str) -> None:
        monkeypatch.setattr(os, "link", link)
        record_key(lake, winner)  # type: ignore[arg-type]
        link(*names)

    # The winner creates the file after the loser has begun and before it ends.
    monkeypatch.setattr(os, "link", late)
    with pytest.raises(
        SettingsError, match=f"another run began this lake with key {winner.key_id}"
    ):
        record_key(lake, loser)  # type: ignore[arg-type]
    assert json.loads(_ids(tmp_path).read_text()) == {"key_id": winner.key_id}
    assert [path.name for path in _ids(tmp_path).parent.iterdir()] == [KEY_RECORD]


def test_a_damaged_record_is_named(spark: SparkSession, tmp_path: Path) -> None:
    lake = _night(spark, tmp_path, FIRST).lake
    _ids(tmp_path).parent.mkdir()
    _ids(tmp_path).write_text("")
    with pytest.raises(SettingsError, match=KEY_RECORD):
        load_lake_key(lake, tmp_path / "key", may_generate=True)
    assert not (tmp_path / "key").exists()


def test_a_lake_of_two_keys_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    lake = _night(spark, tmp_path, FIRST).lake
    for key_id in ("aaaaaaaaaaaa", "bbbbbbbbbbbb"):
        dates = dict.fromkeys(("file_date", "covers_from", "ingest_date"), lake.run_date)
        row = {**dates, "source": "plain", "source_file": "1.csv", "key_id": key_id}
        row["absent_is_removed"] = False
        lake.append(frame(spark, RAW_CUSTOMERS, with_utc_bounds(row)), RAW_CUSTOMERS)
    lake.begin_stage()
    with pytest.raises(SettingsError, match="aaaaaaaaaaaa, bbbbbbbbbbbb"):
        load_lake_key(lake, tmp_path / "key", may_generate=True)
