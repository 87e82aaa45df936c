"""A night whose features peek ends before anything is made of them."""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.errors import LeakageError
from insight.examples import leakage, snapshots
from insight.examples.stage import BUILD_EXAMPLES
from insight.features.stage import BUILD_FEATURES
from insight.sessions.stage import SESSIONISE
from insight.snapshots.campaigns import with_campaign_context
from insight.snapshots.customers import per_customer_features
from insight.stages import Run
from insight.tables import CUSTOMERS, EVENTS, EXPOSURES, ITEMS, TRAINING_EXAMPLES
from tests.frames import DAY, at, events, exposures, frame, items
from tests.memory_lake import MemoryLake

DAYS = 36
WINDOWS: dict[str, Any] = {
    "examples.purchase_days": 1,
    "examples.churn_days": 8,
    "examples.active_days": 20,
    "examples.train_cutoffs": 2,
    "examples.cutoff_step_days": 1,
    "examples.min_item_events": 1,
    "examples.leakage_share": 1.0,
    "sequences.length": 4,
}


@pytest.fixture
def run(spark: SparkSession, tmp_path: Path) -> Run:
    """Five weeks of two customers, described up to the features of its last day."""
    lake = MemoryLake(spark)
    days = [DAY - timedelta(days=n) for n in range(DAYS)]
    rows = [
        {"event_at": at(f"{day} 09:0{n}"), "customer_id": who}
        for day in days
        for n, who in enumerate(("anna", "ben"))
        if day.day % (n + 1) == 0
    ]
    lake.publish(events(spark, *rows), EVENTS, where="true")
    lake.publish(items(spark, ("tea", "drinks")), ITEMS, where="true")
    lake.publish(frame(spark, CUSTOMERS), CUSTOMERS, where="true")
    run = lake.run_for(DAY, registry=str(tmp_path / "registry"), **WINDOWS)
    for stage in (SESSIONISE, BUILD_FEATURES):
        stage.work(run)
    return run


def test_an_honest_night_makes_examples(run: Run) -> None:
    assert BUILD_EXAMPLES.work(run) is None
    assert not run.lake.read(TRAINING_EXAMPLES).isEmpty()


def test_recalibration_knows_nothing_of_the_test_window(run: Run) -> None:
    BUILD_EXAMPLES.work(run)
    recent = run.lake.read(TRAINING_EXAMPLES).where("split = 'recalibration'")
    before = {row["customer_id"]: row for row in recent.collect()}
    # A day is over long before a week is; on the day after this cut-off Ben does not buy.
    test = DAY - timedelta(days=8)
    cutoff = test - timedelta(days=7)
    assert {row["cutoff_at"] for row in before.values()} == {
        at(f"{cutoff} 23:59:59").timestamp() + 1
    }
    assert {name: row["purchase"] for name, row in before.items()} == {"anna": 1.0, "ben": 0.0}
    masks = {(row["has_purchase"], row["has_churn"], row["next_item"]) for row in before.values()}
    assert masks == {(1.0, 0.0, 0)}
    past = run.lake.read(EVENTS).where(F.col("event_date") <= F.lit(test))
    run.lake.publish(past, EVENTS, where="true")
    BUILD_EXAMPLES.work(run)
    blind = run.lake.read(TRAINING_EXAMPLES).where("split = 'recalibration'")
    assert {row["customer_id"]: row for row in blind.collect()} == before


def test_a_planted_leak_ends_the_night_before_any_example_is_written(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(daily: DataFrame, *, as_of: Iterable[date], holds: Column) -> DataFrame:
        """Orders of all time where those of the last week are promised."""
        ever = daily.groupBy("customer_id").agg(F.sum("order_count").alias("orders_7d"))
        honest = per_customer_features(daily, as_of=as_of, holds=holds).drop("orders_7d")
        return honest.join(ever, on="customer_id", how="left")

    monkeypatch.setattr(snapshots, "per_customer_features", peeking)
    with pytest.raises(LeakageError, match=r"orders_7d \(2 rows\)"):
        BUILD_EXAMPLES.work(run)
    assert run.lake.read_or_empty(TRAINING_EXAMPLES).isEmpty()


def test_a_leak_of_what_is_known_of_campaigns_ends_the_night_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(asked: DataFrame, showings: DataFrame) -> DataFrame:
        """A showing of the campaign itself is one of those before it."""
        hasty = showings.withColumns(
            {name: F.date_sub(name, 1) for name in ("feature_date", "known_on")}
        )
        return with_campaign_context(asked, hasty)

    days = [DAY - timedelta(days=n) for n in (3, 9, 15)]
    lake: Any = run.lake
    shown = exposures(
        run.spark,
        *({"exposed_at": at(f"{day} 09:00"), "campaign_id": f"of {day}"} for day in days),
    )
    lake.publish(shown, EXPOSURES, where="true")
    windows = {**WINDOWS, "examples.campaign_days": 2, "examples.campaign_window_days": 5}
    asking = lake.run_for(DAY, registry=str(run.settings.registry), **windows)
    assert BUILD_EXAMPLES.work(asking) is None
    assert not lake.read(TRAINING_EXAMPLES).where("has_campaign > 0").isEmpty()
    monkeypatch.setattr(leakage, "with_campaign_context", peeking)
    with pytest.raises(LeakageError, match=r"campaign_context \(1 rows\)"):
        BUILD_EXAMPLES.work(asking)
