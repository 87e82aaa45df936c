"""Judge and train on 200,000 customers under a small limit of Spark's results.

``python -m tests.many_customers promote|train FOLDER``: a process of its own, since
``spark.driver.maxResultSize`` holds for a whole application.
"""

import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

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
from tests.promotion.pretenders import guessing_model

CUSTOMERS_COUNT = 200_000
LIMIT = "8m"
SAMPLE = 10_000
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


def examples(spark: SparkSession, *splits: str) -> DataFrame:
    """A row per customer and split; the first feature decides who buys and who leaves."""
    name = F.sha2(F.col("id").cast("string"), 256)
    draw = (F.pmod(F.xxhash64("id"), F.lit(1000)) / 1000).cast("float")
    zero = F.lit(0.0).cast("float")
    items = F.array(*(F.pmod(F.col("id") + place, F.lit(4)) + 2 for place in range(LENGTH)))
    columns = {
        "customer_id": name,
        "campaign_id": F.lit(""),
        **dict.fromkeys(SEQUENCE_INPUTS, items),
        "features": F.concat(F.array(draw), F.array_repeat(zero, STATISTICS.width - 1)),
        "campaign_context": F.array_repeat(zero, CONTEXT_WIDTH),
        "next_item": F.pmod(F.col("id"), F.lit(4)) + 2,
        **{task: (draw + F.pmod("id", F.lit(2)) / 4 > 0.6).cast("int") for task in YES_NO_TASKS},
        "next_action": F.pmod(F.col("id"), F.lit(2)),
        **{f"has_{head}": F.lit(1.0) for head in (*YES_NO_TASKS, "next_item", "next_action")},
        "row_checksum": F.xxhash64("id", "cutoff_at"),
        "run_date": F.lit(NIGHT),
    }
    parts = [
        spark.range(0, CUSTOMERS_COUNT, 1, 4)
        .withColumn("split", F.lit(split))
        .withColumn("cutoff_at", F.lit(CUTOFF_AT[split]))
        for split in splits
    ]
    rows = parts[0]
    for part in parts[1:]:
        rows = rows.unionByName(part)
    typed = [
        F.col(field.name).cast(field.dataType).alias(field.name)
        for field in TRAINING_EXAMPLES.schema
    ]
    return rows.withColumns(columns).select(*typed)


class FrameLake:
    """Tables that are plans, not rows in memory."""

    def __init__(self, spark: SparkSession) -> None:
        listed = [(item, FIRST_KNOWN + n, "x", 2, 9, NIGHT) for n, item in enumerate(ITEMS)]
        daily = [("b", 5, 0, 0, 0, 0, 0, date(2024, 3, 1), date(2024, 3, 1))]
        columns = (STATISTICS.names, STATISTICS.transforms, STATISTICS.mean, STATISTICS.scale)
        scaled = [
            (name, place, kind, STATISTICS.scaling, mean, scale, mask, NIGHT)
            for place, (name, kind, mean, scale, mask) in enumerate(
                zip(*columns, STATISTICS.has_mask, strict=True)
            )
        ]
        self._frames = {
            TRAINING_EXAMPLES.name: examples(spark, *CUTOFF_AT),
            ITEM_DAILY.name: spark.createDataFrame(daily, ITEM_DAILY.schema),
            ITEM_VOCABULARY.name: spark.createDataFrame(listed, ITEM_VOCABULARY.schema),
            FEATURE_STATISTICS.name: spark.createDataFrame(scaled, FEATURE_STATISTICS.schema),
            CUSTOMERS.name: spark.createDataFrame([], CUSTOMERS.schema),
        }

    def read(self, table: Any) -> DataFrame:
        return self._frames[table.name]


def promote(spark: SparkSession, folder: Path) -> None:
    """Judge a model that says the same of everybody."""
    settings = load_settings(
        "local",
        overrides={
            "promotion.judged_rows": SAMPLE,
            "promotion.logistic_rows": 10_000,
            "promotion.bootstrap_rounds": 20,
            "promotion.popularity_days": (7,),
        },
    )
    Vocabulary(ITEMS, ("x",) * len(ITEMS)).save(folder)
    STATISTICS.save(folder)
    (folder / "member_0").mkdir()
    shape = ModelShape(6, 3, 6, 13, 15, STATISTICS.width, sequence_length=LENGTH)
    shape.save(folder / "member_0")
    version = ModelVersion("guess", folder, {}, {}, write_manifest(folder, {}, {}))
    stage.shipped_candidate = lambda _, name, version, own: Candidate(  # type: ignore[assignment]
        name, version.version, guessing_model(), own
    )
    run = Run(spark, settings, FrameLake(spark), NIGHT, "run")  # type: ignore[arg-type]
    evidence = stage.evidence_of(run, version, None)
    rows = len(evidence.ring.labels.customers)
    assert abs(rows - SAMPLE) < 0.05 * SAMPLE, rows
    measured = {each.contender for each in evidence.measurements}
    assert measured >= {"challenger", "logistic_regression", "own_items"}, measured


def train(spark: SparkSession, folder: Path) -> None:
    """Train a small model on one rank of this Spark, and calibrate it."""
    rows = examples(spark, "train", "validation").drop("run_date")
    rows.write.partitionBy("split").parquet(str(folder / "rows"))
    files = {
        split: tuple(
            sorted(f"file://{path}" for path in (folder / "rows").glob(f"split={split}/*.parquet"))
        )
        for split in ("train", "validation")
    }
    settings = TrainingSettings.model_validate(
        {
            "ranks": 1,
            "encoder": "cnn",
            "width": 4,
            "batch_size": 8_192,
            "max_epochs": 1,
            "negatives": 4,
            "target_positions": 2,
            "calibration_rows": SAMPLE,
        }
    )
    size = FIRST_KNOWN + len(ITEMS)
    read = spark.read.parquet(str(folder / "rows")).where("split = 'train'")
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
    assert count_pairs_of(read, item_counts, PairWeights()).weights.nnz == 12
    reports = HorovodBackend(spark, settings).train(plan)
    refuse_failures(reports)
    (report,) = reports
    assert report.read["validation"].rows == CUSTOMERS_COUNT
    answers = report.answers["validation"]
    assert abs(len(answers.labels["purchase"]) - SAMPLE) < 0.05 * SAMPLE
    assert TrainedMember(plan, reports).scales["purchase"].slopes[0] > 0


def main(work: str, folder: Path) -> None:
    builder = SparkSession.builder.appName("many customers")
    limits = {"spark.driver.maxResultSize": LIMIT}
    for key, value in (local_properties() | limits).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    {"promote": promote, "train": train}[work](spark, folder)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
