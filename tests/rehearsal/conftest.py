"""Three weeks of a shop of thirty customers, on real tables, up to the features of its last day."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.features.stage import BUILD_FEATURES
from insight.launch import open_run, run_stages
from insight.sessions.stage import SESSIONISE
from insight.settings import load_settings
from insight.stages import Run
from insight.tables import CUSTOMERS, EVENTS, ITEMS, TABLES
from tests.frames import DAY, at, events, frame, items

DAYS = 16
CUSTOMERS_IN_ALL = 30
ITEM_NAMES = ("tea", "cup", "pot", "jug", "mug", "tray")

SMALL: dict[str, Any] = {
    "examples.purchase_days": 1,
    "examples.churn_days": 2,
    "examples.active_days": 10,
    "examples.train_cutoffs": 3,
    "examples.cutoff_step_days": 1,
    "examples.min_item_events": 1,
    "examples.files": 1,
    "sequences.length": 4,
    "training.backend": "single",
    "training.encoder": "transformer",
    "training.width": 4,
    "training.max_epochs": 1,
    "training.negatives": 4,
    "promotion.bootstrap_rounds": 20,
    "promotion.popularity_days": [7],
    "tuning.space": {"learning_rate": {"low": 0.001, "high": 0.1, "log": True}},
    "tuning.folds": 1,
    "tuning.trials": 2,
}


@pytest.fixture(scope="session")
def run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("rehearsed")
    names = ("lake", "landing", "registry", "report")
    places = {name: str(folder / name) for name in names}
    overrides = {**SMALL, **places, "pseudonym_key_file": str(folder / "key")}
    run = open_run(spark, load_settings("local", overrides=overrides), DAY)
    _write_past(run)
    run_stages((SESSIONISE, BUILD_FEATURES), run)
    return run


def _write_past(run: Run) -> None:
    """All of it was read in one night, as where a shop begins with its past."""
    random = np.random.default_rng(5)
    days = [DAY - timedelta(days=n) for n in range(DAYS)]
    rows = [
        {
            "event_at": at(f"{day} 09:{customer:02d}"),
            "customer_id": f"c{customer:02d}",
            "item_id": str(random.choice(ITEM_NAMES)),
        }
        for day in days
        for customer in range(CUSTOMERS_IN_ALL)
        if random.random() < 0.2 + 0.6 * customer / CUSTOMERS_IN_ALL
    ]
    run.lake.begin_stage()
    run.lake.publish(events(run.spark, *rows), EVENTS, where="true")
    catalogue = items(run.spark, *((name, "drinks") for name in ITEM_NAMES))
    told = catalogue.withColumn("known_from", F.lit(days[-1]))
    run.lake.publish(told, ITEMS, where="true")
    one = {"customer_id": "c01", "gender": "f", "known_from": DAY, "ingest_date": DAY}
    run.lake.publish(frame(run.spark, CUSTOMERS, one), CUSTOMERS, where="true")


def versions(run: Run, *, without: str = "") -> dict[str, int]:
    """The newest version of every table of the real lake."""
    run.lake.begin_stage()
    found = {table.name: run.lake.version(table) for table in TABLES}
    return {name: version for name, version in found.items() if name != without}
