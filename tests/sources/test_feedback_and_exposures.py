"""What customers say and are shown: mapped, named by content, nobody's name kept."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from insight.launch import run_stages
from insight.settings import SimulateSettings
from insight.simulate.deliveries import Calendar, Places, simulate
from insight.sources.example import land_complete_journey
from insight.sources.source import load_source
from insight.sources.stage import INGEST
from insight.stages import Run
from insight.tables import INGEST_LOG, RAW_EVENTS, RAW_EXPOSURES, RAW_FEEDBACK, RAW_ITEMS
from tests.small_lake import open_night
from tests.sources.feeds import canonical, feed_of, values_of

NIGHT = date(2017, 11, 15)


def _stamp(text: str) -> pa.Array:
    return pa.array([datetime.fromisoformat(text).replace(tzinfo=UTC)], pa.timestamp("us", "UTC"))


def test_a_redeemed_coupon_is_a_click_on_its_campaign(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "2017-11-15.parquet"
    row = {"household_id": [7], "coupon_upc": [51], "campaign_id": [19]}
    pq.write_table(pa.table({**row, "redemption_date": _stamp("2017-11-15")}), path)
    events = canonical(spark, path, feed_of("complete_journey", 3), NIGHT)
    assert values_of(events, "event_type", "campaign_id", "item_id", "quantity", "price") == [
        ("campaign_click", "19", None, 1.0, None)
    ]


def test_a_campaign_is_shown_to_its_households_until_its_last_day_is_over(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = tmp_path / "2017-11-15.parquet"
    row = {"campaign_id": [19], "household_id": [7], "campaign_type": ["Type B"]}
    dates = {"start_date": _stamp("2017-11-15"), "end_date": _stamp("2017-12-17")}
    pq.write_table(pa.concat_tables([pa.table({**row, **dates})] * 2), path)
    shown = canonical(spark, path, feed_of("complete_journey", 4), NIGHT)
    named = shown.selectExpr("*", "cast(ends_at AS date) AS ends_on")
    assert (
        values_of(named, "campaign_id", "exposed_at", "ends_on", "category")
        == [
            ("19", datetime(2017, 11, 15), date(2017, 12, 18), "Type B")  # noqa: DTZ001
        ]
        * 2
    )
    # Equal rows have equal ids, of their content and not of the household's number.
    (exposure_id,) = {row["exposure_id"] for row in shown.collect()}
    assert len(exposure_id) == 32
    assert "'7'" not in str(shown.collect())


def test_the_example_lands_every_feed_of_its_declaration(tmp_path: Path) -> None:
    folder = land_complete_journey(tmp_path)
    for feed in load_source("complete_journey").feeds:
        files = sorted(folder.glob(feed.files))
        assert files and feed.file_dates(str(files[0]), read_on=NIGHT)
        schema = pq.read_schema(files[0])
        assert schema.names == list(feed.columns)
    shown = sorted(path.stem for path in (folder / "campaigns").glob("*.parquet"))
    assert (len(shown), shown[0], shown[-1]) == (25, "2016-11-14", "2017-12-28")
    assert pq.ParquetDataset(folder / "campaigns").read().num_rows == 6589
    assert pq.ParquetDataset(folder / "redemptions").read().num_rows == 2102
    before = (folder / "_LANDED").stat().st_mtime_ns
    land_complete_journey(tmp_path)
    assert (folder / "_LANDED").stat().st_mtime_ns == before


@pytest.fixture(scope="module")
def night(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A simulated shop of two days, read by one night."""
    folder = tmp_path_factory.mktemp("simulated")
    settings = SimulateSettings(customers=3_000, items=60, categories=4, processes=1)
    calendar = Calendar(date(2024, 1, 1), 2)
    simulate(settings, calendar, Places(folder / "landing", folder / "truth"), events=4_000)
    run = open_night(spark, folder, "2024-01-02", sources=["simulated"])
    run_stages((INGEST,), run)
    run.lake.begin_stage()
    return run


def test_every_feed_of_the_simulated_shop_is_read(night: Run) -> None:
    log = night.lake.read(INGEST_LOG).groupBy("feed").sum("row_count").collect()
    counts = {row["feed"]: row["sum(row_count)"] for row in log}
    assert set(counts) == {"events", "customers", "items", "feedback", "exposures"}
    assert all(counts.values())
    assert night.lake.read(RAW_FEEDBACK).count() == counts["feedback"]


def test_feedback_and_exposures_keep_their_ids_and_lose_their_names(night: Run) -> None:
    shown = night.lake.read(RAW_EXPOSURES)
    named = "exposure_id RLIKE '^simulated-[0-9a-f]{32}$' AND exposed_at IS NOT NULL"
    assert shown.where(named).count() > 0
    assert shown.where("customer_id LIKE 'u%' OR length(customer_id) <> 32").isEmpty()
    said = night.lake.read(RAW_FEEDBACK)
    kinds = {row["kind"] for row in said.select("kind").distinct().collect()}
    assert kinds <= {"review", "ticket", "mention"}
    assert said.where("customer_id IS NULL AND kind <> 'mention'").isEmpty()
    assert said.where("feedback_text IS NULL OR created_at IS NULL").isEmpty()


def test_searches_and_clicks_say_for_what_and_on_what(night: Run) -> None:
    events = night.lake.read(RAW_EVENTS)
    searched = "event_type = 'search' AND item_id IS NULL AND search_text IS NOT NULL"
    assert events.where(searched).count() > 0
    assert events.where("event_type = 'campaign_click' AND campaign_id IS NOT NULL").count() > 0
    items = night.lake.read(RAW_ITEMS).where("description IS NULL OR price IS NULL")
    assert items.where("stock_units IS NULL").isEmpty()
