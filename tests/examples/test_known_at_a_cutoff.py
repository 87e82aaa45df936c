"""Training knows at a cut-off what scoring knew on that night, whatever was delivered since."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from insight.delivery_time import NEVER, DeliveryTime
from insight.errors import LeakageError
from insight.examples import snapshots
from insight.examples.snapshots import per_customer_snapshot
from insight.examples.stage import BUILD_EXAMPLES, known_of
from insight.features.daily import per_item_day
from insight.features.stage import BUILD_FEATURES
from insight.point_in_time import EVER
from insight.reuse import kept
from insight.settings import SessionSettings
from insight.snapshots.customers import per_customer_features
from insight.snapshots.sequences import per_customer_sequence
from insight.snapshots.visits import per_visit_and_day, to_customer_daily
from insight.stages import Run
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    CUSTOMERS,
    EVENTS,
    EXPOSURES,
    FEATURE_STATISTICS,
    ITEM_DAILY,
    ITEM_VOCABULARY,
    ITEMS,
    TRAINING_EXAMPLES,
)
from tests.frames import DAY, at, events, exposures, frame
from tests.memory_lake import MemoryLake

DAYS = 36
FIRST = DAY - timedelta(days=DAYS - 1)
LENGTH = 4
LAST_CUTOFF = DAY - timedelta(days=24)
"""Of training, with the horizons below."""

SMALL: dict[str, Any] = {
    "examples.purchase_days": 1,
    "examples.churn_days": 8,
    "examples.active_days": 20,
    "examples.train_cutoffs": 2,
    "examples.cutoff_step_days": 3,
    "examples.campaign_days": 2,
    "examples.campaign_window_days": 5,
    "examples.min_item_events": 1,
    "examples.leakage_share": 1.0,
    "scoring.active_days": 5,
    "sequences.length": LENGTH,
}


def _event(day: date, late: int, **changes: Any) -> dict[str, Any]:
    """An event that a nightly delivery brings some days after it happened."""
    delivered = day + timedelta(days=late)
    dates = {"file_date": delivered, "delivered_on": delivered, "ingest_date": delivered}
    return {"event_at": at(f"{day} 09:00"), **dates, **changes}


def _all_events(spark: SparkSession) -> DataFrame:
    """Five weeks and three nights after them; every third event comes one to five days late."""
    rows = []
    for number in range(DAYS + 3):
        day = FIRST + timedelta(days=number)
        rows += [
            _event(day, late=0, customer_id="anna"),
            _event(day, late=(0, 1, 5)[number % 3], customer_id="ben", item_id="cup"),
            # Late by some minutes of a visit that goes on beyond midnight.
            _event(day, late=(2, 0)[number % 2], customer_id="carl", event_at=at(f"{day} 23:50")),
            _event(day, late=0, customer_id="carl", event_at=at(f"{day} 00:05"), item_id="cup"),
            _event(day, late=0, customer_id="dora", event_type="search", item_id=None),
        ]
    # A whole file that arrived two nights after its date.
    file = _event(LAST_CUTOFF, late=0, customer_id="anna", event_at=at(f"{LAST_CUTOFF} 11:00"))
    rows.append({**file, "ingest_date": LAST_CUTOFF + timedelta(days=2)})
    rows.append(_event(FIRST, late=0, customer_id="erik"))
    return events(spark, *rows)


def _descriptions(spark: SparkSession) -> DataFrame:
    told = [("tea", "drinks", FIRST), ("tea", "herbs", DAY - timedelta(days=1)), ("cup", "", DAY)]
    later = DAY + timedelta(days=1)
    told += [("cup", "china", later), ("tea", "later", later)]
    names = ("item_id", "category", "known_from")
    rows = (dict(zip(names, row, strict=True)) for row in told)
    return frame(spark, ITEMS, *({**row, "ingest_date": row["known_from"]} for row in rows))


def _showings(spark: SparkSession) -> DataFrame:
    days = [DAY - timedelta(days=n) for n in (3, 9, 15)]
    rows = [{"exposed_at": at(f"{day} 08:00"), "campaign_id": f"of {day}"} for day in days]
    read = [{**row, "ingest_date": row["exposed_at"].date()} for row in rows]
    # One that a night after the run date reads.
    late = {**rows[1], "customer_id": "ben", "ingest_date": DAY + timedelta(days=1)}
    late |= {"file_date": late["ingest_date"], "delivered_on": late["ingest_date"]}
    filed = [{**row, "file_date": row["ingest_date"]} for row in read]
    return exposures(spark, *filed, late)


def _publish(lake: MemoryLake, *, read_by: date) -> None:
    """The state of a lake after the night of a date."""
    spark, read = lake.spark, F.col("ingest_date") <= F.lit(read_by)
    rows = _all_events(spark).where(read)
    days = to_customer_daily(per_visit_and_day(rows, settings=SessionSettings()))
    tables = {
        EVENTS: rows,
        CUSTOMER_DAILY: days,
        ITEM_DAILY: per_item_day(rows),
        ITEMS: _descriptions(spark).where(read),
        CUSTOMERS: frame(spark, CUSTOMERS),
        EXPOSURES: _showings(spark).where(read),
    }
    for table, content in tables.items():
        lake.publish(content, table, where="true")


@pytest.fixture
def lake(spark: SparkSession) -> MemoryLake:
    lake = MemoryLake(spark)
    _publish(lake, read_by=DAY)
    return lake


@pytest.fixture
def run(lake: MemoryLake, tmp_path: Path) -> Run:
    return lake.run_for(DAY, registry=str(tmp_path / "registry"), **SMALL)


def _served(spark: SparkSession, day: date) -> DataFrame:
    """Features and sequences as a night made them, from what had been read by then."""
    read = _all_events(spark).where(F.col("ingest_date") <= F.lit(day))
    days = to_customer_daily(per_visit_and_day(read, settings=SessionSettings()))
    sequences = per_customer_sequence(read, as_of=[day], length=LENGTH)
    features = per_customer_features(days, as_of=[day])
    return features.join(sequences, on=["customer_id", "feature_date"], how="left")


def test_features_at_a_cutoff_are_those_that_were_served_on_its_night(
    spark: SparkSession, lake: MemoryLake, run: Run
) -> None:
    cutoffs = [LAST_CUTOFF + timedelta(days=n) for n in (-3, 0, 1)]
    _publish(lake, read_by=DAY + timedelta(days=3))
    served = _served(spark, cutoffs[0])
    for cutoff in cutoffs[1:]:
        served = served.unionByName(_served(spark, cutoff))
    with kept() as keep:
        known = known_of(run, DeliveryTime(FIRST, late_days=7), keep)
        found = per_customer_snapshot(known, as_of=cutoffs, length=LENGTH).select(*served.columns)
        assert_df_equality(found, served, ignore_row_order=True, ignore_nullable=True)
    # By event dates alone the features of ben and carl are others.
    compared = ["customer_id", "feature_date", "orders_7d"]
    by_event = per_customer_features(lake.read(CUSTOMER_DAILY), as_of=cutoffs)
    others = by_event.select(*compared).exceptAll(served.select(*compared)).collect()
    assert {row["customer_id"] for row in others} >= {"ben", "carl"}


def test_an_old_night_run_again_serves_what_training_knows_of_it(
    lake: MemoryLake, run: Run
) -> None:
    _publish(lake, read_by=DAY + timedelta(days=3))
    BUILD_FEATURES.work(lake.run_for(LAST_CUTOFF, **{"sequences.length": LENGTH}))
    served = lake.read(CUSTOMER_FEATURES)
    with kept() as keep:
        known = known_of(run, DeliveryTime(FIRST, late_days=7), keep)
        # Both compute days again, each in its own way.
        assert any(day <= LAST_CUTOFF < whole for day, whole in known.late_dates.items())
        trained = per_customer_snapshot(known, as_of=[LAST_CUTOFF], length=LENGTH)
        assert_df_equality(
            trained.select(*served.columns), served, ignore_row_order=True, ignore_nullable=True
        )


def test_an_old_dates_examples_are_the_same_when_later_nights_have_read_more(
    lake: MemoryLake, run: Run
) -> None:
    built = (TRAINING_EXAMPLES, ITEM_VOCABULARY, FEATURE_STATISTICS)
    assert BUILD_EXAMPLES.work(run) is None
    before = {table.name: _sorted(lake.rows[table.name]) for table in built}
    _publish(lake, read_by=DAY + timedelta(days=3))
    assert BUILD_EXAMPLES.work(run) is None
    for table in built:
        assert _sorted(lake.rows[table.name]) == before[table.name]
    examples = lake.rows[TRAINING_EXAMPLES.name]
    # Who only searches is scored, and so is among the examples of every split.
    doras = {row["split"]: row["item_indices"] for row in examples if row["customer_id"] == "dora"}
    assert doras == dict.fromkeys(("train", "validation", "recalibration", "test"), [0] * LENGTH)
    # Who has been silent for longer than scoring.active_days is not scored.
    assert "erik" not in {row["customer_id"] for row in examples}
    # What an item became after the last training cut-off is not part of what is judged.
    categories = {row["item_id"]: row["category"] for row in lake.rows[ITEM_VOCABULARY.name]}
    assert categories == {"tea": "drinks", "cup": "unknown"}


def test_daily_state_with_events_that_came_after_a_cutoff_is_a_leak(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_event_date(customer_daily: DataFrame, events: DataFrame, **_: Any) -> DataFrame:
        ever = {"known_from": F.lit(EVER), "known_through": F.lit(NEVER)}
        return customer_daily.withColumns(ever)

    monkeypatch.setattr(snapshots, "days_as_known", by_event_date)
    with pytest.raises(LeakageError, match=r"orders_7d \(2 rows\)"):
        BUILD_EXAMPLES.work(run)


def test_sequences_with_events_that_came_after_a_cutoff_are_a_leak(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_event_date(events: DataFrame, *, known_on: str, **others: Any) -> DataFrame:
        return per_customer_sequence(events, **others)

    monkeypatch.setattr(snapshots, "per_customer_sequence", by_event_date)
    with pytest.raises(LeakageError, match=r"events \(2 rows\)"):
        BUILD_EXAMPLES.work(run)


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=repr)
