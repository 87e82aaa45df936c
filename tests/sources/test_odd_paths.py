"""A whole ingest where folders and files have names that are patterns, or that Spark gave."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.errors import EmptyInputError
from insight.launch import run_stages
from insight.sources.landing import Landing
from insight.sources.stage import INGEST
from insight.stages import Run, StageRecord
from insight.tables import INGEST_LOG, RAW_EVENTS
from tests.small_lake import open_night

DAY = "2024-03-01"
ODD = "shop [ab]{c,d}*? 100%25 + x"
HEADER = "event_at,event_type,customer_id,item_id\n"


def _line(item: str) -> str:
    return f"{DAY} 10:00:00,view,anna,{item}\n"


def _land(folder: Path) -> None:
    events = folder / "landing" / "plain" / "events"
    events.mkdir(parents=True)
    for name in (f"{DAY}[12].csv", f"{DAY}1.csv", f"{DAY}2.csv", f"{DAY} (1).csv"):
        (events / name).write_text(f'{HEADER}{DAY} 10:00:00,view,anna,"{name}"\n')
    written = events / f"{DAY}.csv"
    written.mkdir()
    (written / "part-00000-a1-c000.csv").write_text(HEADER + _line("part 0"))
    (written / "part-00001-a1-c000.csv").write_text("")
    (written / "part-00002-a1-c000.csv").write_text(HEADER + _line("part 2"))
    (written / "_SUCCESS").write_text("")
    (written / ".part-00000-a1-c000.csv.crc").write_text("crc")
    (written / "notes.txt").write_text("by hand")
    lines = events / f"{DAY}.json"
    lines.mkdir()
    (lines / "part-00000").write_text(
        f'{{"event_at": "{DAY} 11:00:00", "event_type": "view", "customer_id": "anna",'
        ' "item_id": "json"}\n'
    )
    view = {"event_type": ["view"], "customer_id": ["anna"], "item_id": ["parquet"]}
    at = pa.array([1709287200000000], pa.timestamp("us", tz="UTC"))
    (events / f"{DAY}.parquet").mkdir()
    table = pa.table({"event_at": at, **view})
    pq.write_table(table, events / f"{DAY}.parquet" / "part-0.snappy.parquet")
    half = events / f"{DAY}-late.csv"
    (half / "_temporary").mkdir(parents=True)
    (half / "part-00000-b2-c000.csv").write_text(HEADER + _line("half"))
    (events / f"{DAY}.tsv").write_text("of no feed")
    (events.parent / "archive").mkdir()


@pytest.fixture(scope="module")
def night(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Run, list[StageRecord]]]:
    folder = tmp_path_factory.mktemp("odd") / ODD
    _land(folder)
    run = open_night(spark, folder, DAY, sources=["plain"])
    records = run_stages((INGEST,), run)
    run.lake.begin_stage()
    yield run, records


def test_each_file_is_read_by_its_very_name_and_once(
    night: tuple[Run, list[StageRecord]],
) -> None:
    run, _ = night
    rows = run.lake.read(RAW_EVENTS).select("item_id", "source_file", "file_date").collect()
    folder = "plain/events/"
    assert {(row["item_id"], row["source_file"].removeprefix(folder)) for row in rows} == {
        (f"{DAY}[12].csv", f"{DAY}[12].csv"),
        (f"{DAY}1.csv", f"{DAY}1.csv"),
        (f"{DAY}2.csv", f"{DAY}2.csv"),
        (f"{DAY} (1).csv", f"{DAY} (1).csv"),
        ("part 0", f"{DAY}.csv/part-00000-a1-c000.csv"),
        ("part 2", f"{DAY}.csv/part-00002-a1-c000.csv"),
        ("json", f"{DAY}.json/part-00000"),
        ("parquet", f"{DAY}.parquet/part-0.snappy.parquet"),
    }
    assert len(rows) == 8
    assert {row["file_date"] for row in rows} == {date(2024, 3, 1)}
    log = run.lake.read(INGEST_LOG).collect()
    assert [row["row_count"] for row in log] == [1] * 8


def test_a_lake_in_such_a_folder_is_found_by_a_rerun(
    night: tuple[Run, list[StageRecord]],
) -> None:
    run, _ = night
    assert INGEST.work(run) == "every file of this date has been read already"


def test_what_no_pattern_matches_is_told(night: tuple[Run, list[StageRecord]]) -> None:
    run, records = night
    landing = Landing(run.spark, run.lake.landing)
    assert landing.files("plain", "events/*.{csv,json,parquet}")
    assert landing.unmatched("plain") == [
        "plain/archive/",
        f"plain/events/{DAY}-late.csv/",
        f"plain/events/{DAY}.csv/notes.txt",
        f"plain/events/{DAY}.tsv",
    ]
    (ingest,) = (record for record in records if record.table_name == "stage")
    assert (ingest.outcome, ingest.rows_written, ingest.detail) == (
        "ok",
        16,
        "4 files that no feed's pattern matches, such as plain/archive/",
    )


def test_an_empty_day_tells_of_files_that_no_pattern_matches(
    spark: SparkSession, tmp_path: Path
) -> None:
    events = tmp_path / "landing" / "plain" / "events"
    events.mkdir(parents=True)
    (events / f"{DAY}.csv.old").write_text(HEADER + _line("A"))
    with pytest.raises(EmptyInputError, match=rf"1 files that no pattern .*{DAY}\.csv\.old"):
        run_stages((INGEST,), open_night(spark, tmp_path, DAY, sources=["plain"]))
