"""The shops' nights, made by the product in a lake of their own."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from bench.meter import ROOT
from insight.encoding.features import FeatureStatistics
from insight.events.stage import CLEAN
from insight.examples.stage import BUILD_EXAMPLES
from insight.features.stage import BUILD_FEATURES
from insight.launch import open_run, run_stages
from insight.promotion.evaluation import in_order
from insight.sessions.stage import SESSIONISE
from insight.settings import load_settings
from insight.sources.example import land_complete_journey
from insight.sources.stage import INGEST
from insight.stages import Run
from insight.tables import FEATURE_STATISTICS, TRAINING_EXAMPLES

UP_TO_EXAMPLES = (INGEST, CLEAN, SESSIONISE, BUILD_FEATURES, BUILD_EXAMPLES)
LONGEST_HORIZON = timedelta(days=30)
SHARED = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Shop:
    """A shop, and the day from whose end on its customers are predicted.

    Args:
        name: Its profile is the one that a night would run with.
        profile: Of the settings.
        cutoff: All that is known by its end may be used; labels lie after it.
        land: Puts its files where the night looks for them.
    """

    name: str
    profile: str
    cutoff: date
    land: Callable[[Path], None]


def _land_online_retail(landing: Path) -> None:
    source = SHARED / "online_retail"
    if not source.is_dir():
        raise SystemExit(f"{source}: not there; put the shop's daily files there, or leave it out")
    shutil.copytree(source, landing / "online_retail")


SHOPS = (
    Shop("complete_journey", "local", date(2017, 11, 30), land_complete_journey),
    Shop("online_retail", "online_retail", date(2011, 11, 9), _land_online_retail),
)


@dataclass(frozen=True)
class Split:
    """Rows of one split in order of customer and cut-off.

    Args:
        rows: Columns of the training examples but for sequences and features.
        features: Normalised, shape (rows, width).
    """

    rows: pd.DataFrame
    features: np.ndarray

    def with_more(self, other: "Split") -> "Split":
        """The rows of both."""
        rows = pd.concat([self.rows, other.rows], ignore_index=True)
        return Split(rows, np.concatenate([self.features, other.features]))

    def labelled(self, task: str) -> tuple[np.ndarray, np.ndarray]:
        """Features and labels of the rows that have the task's label."""
        kept = self.rows[f"has_{task}"].to_numpy() > 0
        return self.features[kept], self.rows[task].to_numpy(np.float64)[kept]


def night_of(spark: SparkSession, shop: Shop, folder: Path, **changes: object) -> Run:
    """The shop's night whose test labels begin after the cut-off, up to its examples."""
    shop.land(folder / "landing")
    places = {name: str(folder / name) for name in ("lake", "landing", "registry", "report")}
    overrides = {**places, "pseudonym_key_file": str(folder / "key"), **changes}
    settings = load_settings(shop.profile, overrides=overrides)
    run = open_run(spark, settings, shop.cutoff + LONGEST_HORIZON)
    run_stages(UP_TO_EXAMPLES, run)
    run.lake.begin_stage()
    return run


def examples_of(run: Run) -> DataFrame:
    """Tonight's examples, all splits."""
    tonight = F.col("run_date") == F.lit(run.run_date)
    return run.lake.read(TRAINING_EXAMPLES).where(tonight)


def statistics_of(run: Run) -> FeatureStatistics:
    """Tonight's feature scales."""
    tonight = F.col("run_date") == F.lit(run.run_date)
    return FeatureStatistics.from_rows(run.lake.read(FEATURE_STATISTICS).where(tonight).collect())


def split_of(examples: DataFrame, name: str) -> Split:
    """One split in memory: these shops have thousands of customers, not millions."""
    columns = ["customer_id", "cutoff_at", "purchase", "has_purchase", "churn", "has_churn"]
    found = examples.where(F.col("split") == name).select(*columns, "features").toPandas()
    rows = in_order(found)
    return Split(rows.drop(columns="features"), np.stack(rows["features"].to_list()))
