"""Real days of a web shop, night after night: each file once, and a rerun changes nothing."""

import csv
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.launch import run_stages
from insight.stages import Run, StageRecord
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    EVENTS,
    INGEST_LOG,
    ITEM_FEATURES,
    ITEMS,
    QUARANTINE,
    RAW_EVENTS,
    SESSIONS,
    Table,
)
from jobs.nightly import NIGHT
from tests.small_lake import content, open_night, run_night

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("INSIGHT_SHARED_DATA", ROOT.parent / "shared" / "data"))
FILES = SHARED / "online_retail"
DAYS = ("2010-12-01", "2010-12-02")

pytestmark = pytest.mark.skipif(
    not FILES.is_dir(), reason=f"no Online Retail files in {FILES}; set INSIGHT_SHARED_DATA"
)

COMPARED: tuple[Table, ...] = (
    RAW_EVENTS,
    INGEST_LOG,
    EVENTS,
    ITEMS,
    QUARANTINE,
    SESSIONS,
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMER_SEQUENCES,
    ITEM_FEATURES,
)


@dataclass(frozen=True)
class Feed:
    """Two nights, the second run twice: then with all stages that follow."""

    run: Run
    second: list[StageRecord]
    again: list[StageRecord]
    once: Mapping[str, tuple[int, str]]
    twice: Mapping[str, tuple[int, str]]


@pytest.fixture(scope="module")
def feed(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    folder = tmp_path_factory.mktemp("retail")
    landing = folder / "landing" / "online_retail"
    landing.mkdir(parents=True)
    for day in DAYS:
        shutil.copy(FILES / f"{day}.csv", landing)
    run_night(spark, folder, DAYS[0])
    second = run_night(spark, folder, DAYS[1])
    run = open_night(spark, folder, DAYS[1])
    once = {table.name: content(run, table) for table in COMPARED}
    again = run_stages(NIGHT, open_night(spark, folder, DAYS[1]))
    twice = {table.name: content(run, table) for table in COMPARED}
    return Feed(run, second, again, once, twice)


def _lines(day: str) -> list[dict[str, str]]:
    with (FILES / f"{day}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def _is_sound(line: dict[str, str]) -> bool:
    """A sale of something or its return, at no negative price: read off the file."""
    units = int(line["Quantity"]) * (-1 if line["InvoiceNo"].startswith("C") else 1)
    is_trade = re.fullmatch(r"C?\d+", line["InvoiceNo"]) is not None
    return (
        is_trade and bool(line["StockCode"].strip()) and units > 0 and float(line["UnitPrice"]) >= 0
    )


def test_each_daily_file_is_read_exactly_once(feed: Feed) -> None:
    log = feed.run.lake.read(INGEST_LOG).where("feed = 'invoices'").orderBy("file").collect()
    assert [(row["file"], row["row_count"], str(row["ingest_date"])) for row in log] == [
        (f"online_retail/{day}.csv", len(_lines(day)), day) for day in DAYS
    ]


def test_the_second_night_reads_only_the_second_days_file(feed: Feed) -> None:
    read = {(r.stage, r.table_name): r.rows_read for r in feed.second}
    # Two feeds check its types and land its rows, and it is parsed once.
    assert read["ingest", "landing"] == len(_lines(DAYS[1]))


def test_every_line_is_an_event_or_in_quarantine_with_a_reason(feed: Feed) -> None:
    lake = feed.run.lake
    raw, events, refused = (lake.read(table) for table in (RAW_EVENTS, EVENTS, QUARANTINE))
    assert raw.count() == sum(len(_lines(day)) for day in DAYS) == events.count() + refused.count()
    sound = [line for day in DAYS for line in _lines(day) if _is_sound(line)]
    # The description is no part of an event: a line that differs in nothing else came twice.
    distinct = {tuple(v for k, v in line.items() if k != "Description") for line in sound}
    assert events.count() == len(distinct)
    counts = {row["reason"]: row["count"] for row in refused.groupBy("reason").count().collect()}
    assert counts.pop("repeated") == len(sound) - len(distinct)
    assert set(counts) <= {"quantity_not_positive", "unknown_event_type", "price_negative"}


def test_a_shop_too_young_for_a_model_has_its_night_all_the_same(feed: Feed) -> None:
    said = {r.stage: (r.outcome, r.detail or "") for r in feed.again if r.table_name == "stage"}
    assert list(said) == [stage.name for stage in NIGHT]
    assert said["publish"] == ("ok", "")
    for stage in ("build_examples", "train", "promote", "score"):
        assert said[stage][0] == "skipped", stage
    assert "too little history" in said["build_examples"][1] and said["train"][1]


def test_customers_are_pseudonyms_and_guests_have_none(feed: Feed) -> None:
    customers = {
        row["customer_id"] for row in feed.run.lake.read(EVENTS).select("customer_id").collect()
    }
    named = {line["CustomerID"] for day in DAYS for line in _lines(day) if _is_sound(line)}
    assert None in customers and "" in named
    assert len(customers) == len(named)
    assert all(re.fullmatch("[0-9a-f]{32}", customer) for customer in customers - {None})


def test_running_the_second_night_again_changes_nothing(feed: Feed) -> None:
    assert feed.twice == feed.once
    assert all(rows for rows, _ in feed.once.values())
