"""The shops' nights, made by the product in a lake of their own."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from bench.meter import ROOT
from insight.encoding.features import FeatureStatistics
from insight.encoding.tasks import YES_NO_TASKS
from insight.events.stage import CLEAN
from insight.examples.stage import BUILD_EXAMPLES
from insight.features.stage import BUILD_FEATURES
from insight.launch import open_run, run_stages
from insight.promotion.evaluation import in_order
from insight.promotion.inputs import KEY
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
        name: Of its data; two of one name share a lake.
        profile: Of the settings.
        cutoff: All that is known by its end may be used; labels lie after it.
        land: Puts its files where the night looks for them.
        tasks: What is measured.
        changes: Settings that differ from the profile's.
    """

    name: str
    profile: str
    cutoff: date
    land: Callable[[Path], None]
    tasks: tuple[str, ...] = ("purchase", "churn")
    changes: Mapping[str, object] = field(default_factory=dict)


def _land_online_retail(landing: Path) -> None:
    source = SHARED / "online_retail"
    if not source.is_dir():
        raise SystemExit(f"{source}: not there; put the shop's daily files there, or leave it out")
    shutil.copytree(source, landing / "online_retail")


# Of campaigns 17 to 23, that begin from 18 October to 28 December 2017, the test takes all; those
# that ended before teach and validate. The data end with the year, and so do late answers.
CAMPAIGNS = Shop(
    "complete_journey",
    "local",
    date(2017, 12, 27),
    land_complete_journey,
    tasks=("campaign",),
    changes={
        "examples.campaign_window_days": 71,
        "examples.campaign_cutoffs": 30,
        "ingest.allow_empty_day": True,
    },
)
SHOPS = (
    Shop("complete_journey", "local", date(2017, 11, 30), land_complete_journey),
    CAMPAIGNS,
    Shop("online_retail", "online_retail", date(2011, 11, 9), _land_online_retail),
)


@dataclass(frozen=True)
class Split:
    """Rows of one split in order of customer and cut-off.

    Args:
        rows: Columns of the training examples but for sequences and features.
        features: Normalised, shape (rows, width).
        context: Of the campaign asked about, shape (rows, CONTEXT_WIDTH).
    """

    rows: pd.DataFrame
    features: np.ndarray
    context: np.ndarray

    def with_more(self, other: "Split") -> "Split":
        """The rows of both."""
        rows = pd.concat([self.rows, other.rows], ignore_index=True)
        features = np.concatenate([self.features, other.features])
        return Split(rows, features, np.concatenate([self.context, other.context]))

    def design(self, task: str) -> np.ndarray:
        """What is known of each row that the task asks about, shape (rows, width)."""
        return np.hstack([self.features, self.context]) if task == "campaign" else self.features

    def labelled(self, task: str) -> tuple[np.ndarray, np.ndarray]:
        """Features and labels of the rows that have the task's label."""
        kept = self.rows[f"has_{task}"].to_numpy() > 0
        return self.design(task)[kept], self.rows[task].to_numpy(np.float64)[kept]


def night_of(spark: SparkSession, shop: Shop, folder: Path) -> Run:
    """The shop's night whose test labels begin after the cut-off, up to its examples."""
    if not folder.exists():
        shop.land(folder / "landing")
    places = {name: str(folder / name) for name in ("lake", "landing", "registry", "report")}
    overrides = {**places, "pseudonym_key_file": str(folder / "key"), **shop.changes}
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
    labels = [f"{prefix}{task}" for task in YES_NO_TASKS for prefix in ("", "has_")]
    matrices = ["features", "campaign_context"]
    found = examples.where(F.col("split") == name).select(*KEY, *labels, *matrices).toPandas()
    rows = in_order(found)
    features, context = (np.stack(rows[each].to_list()) for each in matrices)
    return Split(rows.drop(columns=matrices), features, context)
