"""Judge and train on 200,000 customers under a small limit of Spark's results.

``python -m tests.many_customers promote|train FOLDER``: a process of its own, since
``spark.driver.maxResultSize`` holds for a whole application.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.encoding.arrays import lists
from insight.encoding.features import FEATURES, NULLABLE, FeatureStatistics, transform_of
from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import CONTEXT_WIDTH, YES_NO_TASKS
from insight.encoding.vocabulary import FIRST_KNOWN, Vocabulary
from insight.models.cooccurrence import PairWeights
from insight.models.shape import ModelShape
from insight.promotion import stage
from insight.promotion.evaluation import Candidate
from insight.registry.manifest import write_manifest
from insight.registry.version import ModelVersion
from insight.settings import TrainingSettings, load_settings
from insight.spark import local_properties
from insight.stages import Run
from insight.tables import (
    CUSTOMERS,
    FEATURE_STATISTICS,
    ITEM_DAILY,
    ITEM_VOCABULARY,
    TRAINING_EXAMPLES,
)
from insight.training.backends.horovod_backend import HorovodBackend
from insight.training.outcome import TrainedMember, refuse_failures
from insight.training.pairs import count_pairs_of
from insight.training.plan import TrainingPlan
from tests.conftest import FEW_ROWS
from tests.promotion.pretenders import guessing_model

CUSTOMERS_COUNT = 200_000
_ROWS_PER_FILE = 50_000
LIMITS = {"promote": "8m", "train": "2m"}
SAMPLE = 10_000
# Whole catalogues are ranked in batches of 256 rows, which takes most of the test's time.
VALIDATION_ROWS, CALIBRATION_ROWS = 40_000, 5_000
NIGHT = date(2024, 3, 31)
LENGTH = 4
ITEMS = ("a", "b", "c", "d")
CUTOFF_AT = {"train": 1_706_745_600, "validation": 1_709_251_200, "test": 1_709_337_600}
STATISTICS = FeatureStatistics(
    names=FEATURES,
    transforms=tuple(transform_of(name) for name in FEATURES),
    mean=(0.0,) * len(FEATURES),
    scale=(1.0,) * len(FEATURES),
    has_mask=tuple(name in NULLABLE for name in FEATURES),
)


def write_examples(folder: Path, splits: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Write a row per customer and split; the first feature decides who buys and who leaves.

    Args:
        folder: Where to.
        splits: Rows of each split.

    Returns:
        URLs of each split's files.
    """
    for number, (split, rows) in enumerate(splits.items()):
        place = folder / f"split={split}"
        place.mkdir(parents=True)
        table = pa.table(_columns(CUTOFF_AT[split], seed=number))
        for first in range(0, rows, _ROWS_PER_FILE):
            part = table.slice(first, min(_ROWS_PER_FILE, rows - first))
            pq.write_table(part, place / f"part-{first:06d}.parquet")
    return {
        split: tuple(f"file://{path}" for path in sorted(folder.glob(f"split={split}/*.parquet")))
        for split in splits
    }


def _columns(cutoff_at: int, *, seed: int) -> dict[str, Any]:
    ids = np.arange(CUSTOMERS_COUNT)
    draw = (ids * 2_654_435_761 % 1_000 / 1_000).astype(np.float32)
    features = np.zeros((len(ids), STATISTICS.width), np.float32)
    features[:, 0] = draw
    items = lists((ids[:, None] + np.arange(LENGTH)) % 4 + FIRST_KNOWN, pa.int64())
    answers = (draw + ids % 2 / 4 > 0.6).astype(np.float32)
    ones = np.ones(len(ids), np.float32)
    checksums = np.random.default_rng(seed).integers(-(2**63), 2**63 - 1, len(ids))
    return {
        "customer_id": [f"{number:064x}" for number in ids],
        "cutoff_at": np.full(len(ids), cutoff_at),
        "campaign_id": np.full(len(ids), ""),
        **dict.fromkeys(SEQUENCE_INPUTS, items),
        "features": lists(features, pa.float32()),
        "campaign_context": lists(np.zeros((len(ids), CONTEXT_WIDTH), np.float32), pa.float32()),
        "next_item": ids % 4 + FIRST_KNOWN,
        "next_action": ids % 2,
        **dict.fromkeys(YES_NO_TASKS, answers),
        **{f"has_{head}": ones for head in (*YES_NO_TASKS, "next_item", "next_action")},
        "row_checksum": checksums,
    }


def read_examples(spark: SparkSession, folder: Path) -> DataFrame:
    """The rows as Spark reads them."""
    rows = spark.read.parquet(str(folder)).withColumn("run_date", F.lit(NIGHT))
    return rows.select(*TRAINING_EXAMPLES.column_names)


class FrameLake:
    """Examples from files, and small tables."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        listed = [(item, FIRST_KNOWN + n, "x", 2, 9, NIGHT) for n, item in enumerate(ITEMS)]
        daily = [("b", 5, 0, 0, 0, 0, Decimal(0), date(2024, 3, 1), date(2024, 3, 1))]
        columns = (STATISTICS.names, STATISTICS.transforms, STATISTICS.mean, STATISTICS.scale)
        scaled = [
            (name, place, kind, STATISTICS.scaling, mean, scale, mask, NIGHT)
            for place, (name, kind, mean, scale, mask) in enumerate(
                zip(*columns, STATISTICS.has_mask, strict=True)
            )
        ]
        self._frames = {
            TRAINING_EXAMPLES.name: read_examples(spark, folder),
            ITEM_DAILY.name: spark.createDataFrame(daily, ITEM_DAILY.schema),
            ITEM_VOCABULARY.name: spark.createDataFrame(listed, ITEM_VOCABULARY.schema),
            FEATURE_STATISTICS.name: spark.createDataFrame(scaled, FEATURE_STATISTICS.schema),
            CUSTOMERS.name: spark.createDataFrame([], CUSTOMERS.schema),
        }

    def read(self, table: Any) -> DataFrame:
        return self._frames[table.name]

    def noted(self, _: str) -> None:
        """Know no first night: the examples are there already."""

    def note(self, *_: str) -> bool:
        return False


def promote(spark: SparkSession, folder: Path) -> None:
    """Judge a model that says the same of everybody beside a champion that does so too."""
    settings = load_settings(
        "local",
        overrides={
            "promotion.judged_rows": SAMPLE,
            "promotion.logistic_rows": 10_000,
            "promotion.bootstrap_rounds": 20,
            "promotion.popularity_days": (7,),
        },
    )
    write_examples(folder / "rows", dict.fromkeys(CUTOFF_AT, CUSTOMERS_COUNT))
    Vocabulary(ITEMS, ("x",) * len(ITEMS)).save(folder)
    STATISTICS.save(folder)
    (folder / "member_0").mkdir()
    shape = ModelShape(6, 3, 6, 13, 15, STATISTICS.width, sequence_length=LENGTH)
    shape.save(folder / "member_0")
    version = ModelVersion("guess", folder, {}, {}, write_manifest(folder, {}, {}))
    stage.shipped_candidate = lambda _, name, version, own: Candidate(  # type: ignore[assignment]
        name, version.version, guessing_model(), own
    )
    run = Run(spark, settings, FrameLake(spark, folder / "rows"), NIGHT, "run")  # type: ignore[arg-type]
    evidence = stage.evidence_of(run, version, replace(version, version="guess-before"))
    rows = len(evidence.ring.labels.customers)
    assert abs(rows - SAMPLE) < 0.05 * SAMPLE, rows
    measured = {each.contender for each in evidence.measurements}
    assert measured >= {"challenger", "champion", "logistic_regression", "own_items"}, measured
    # Neither answers campaigns. Equal models differ on no task and in no draw.
    assert evidence.replacement is not None
    gains = {gain.task: (gain.value, gain.error) for gain in evidence.replacement.gains}
    compared = ("next_item", "purchase", "churn", "next_action")
    assert gains == dict.fromkeys(compared, (0.0, 0.0)), gains


def train(spark: SparkSession, folder: Path) -> None:
    """Train a small model on one rank of this Spark, and calibrate it."""
    splits = {"train": CUSTOMERS_COUNT, "validation": VALIDATION_ROWS}
    files = write_examples(folder / "rows", splits)
    settings = TrainingSettings.model_validate(
        {
            "ranks": 1,
            "encoder": "cnn",
            "width": 4,
            "batch_size": 8_192,
            "max_epochs": 1,
            "negatives": 4,
            "target_positions": 2,
            "calibration_rows": CALIBRATION_ROWS,
        }
    )
    size = FIRST_KNOWN + len(ITEMS)
    learnt = read_examples(spark, folder / "rows").where("split = 'train'")
    item_counts = np.array([0, 0, *[CUSTOMERS_COUNT] * len(ITEMS)])
    plan = TrainingPlan(
        train_files=files["train"],
        validation_files=files["validation"],
        shape=ModelShape(
            size, 3, 6, 13, 15, STATISTICS.width, sequence_length=LENGTH, encoder="cnn", width=4
        ),
        settings=settings,
        category_of_item=np.array([0, 1, 2, 2, 2, 2]),
        item_counts=item_counts,
    )
    assert count_pairs_of(learnt, item_counts, PairWeights()).weights.nnz == 12
    reports = HorovodBackend(spark, settings).train(plan)
    refuse_failures(reports)
    (report,) = reports
    assert {split: read.rows for split, read in report.read.items()} == splits
    answers = report.answers["validation"]
    assert abs(len(answers.labels["purchase"]) - CALIBRATION_ROWS) < 0.1 * CALIBRATION_ROWS
    assert TrainedMember(plan, reports).scales["purchase"].slopes[0] > 0


def main(work: str, folder: Path) -> None:
    builder = SparkSession.builder.appName("many customers")
    limit = {"spark.driver.maxResultSize": LIMITS[work]}
    for key, value in (local_properties() | FEW_ROWS | limit).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    {"promote": promote, "train": train}[work](spark, folder)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
