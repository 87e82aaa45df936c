"""Purchase, churn, campaigns on a later window: model and ensemble beside their rivals.

`make bench-tasks` writes bench/results/tasks.json: the same customers, features, split and
bootstrap draws for everyone. The random-split figure is there as a warning only.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from bench.record import Measure, write
from bench.tasks.rivals import (
    Splits,
    bgnbd_contender,
    lightgbm_contender,
    random_split_auc,
    rfm_contender,
)
from bench.tasks.shops import SHOPS, Shop, examples_of, night_of, split_of, statistics_of
from insight.encoding.features import FeatureStatistics
from insight.encoding.vocabulary import Vocabulary
from insight.logs import configure_logs
from insight.promotion.baselines import fit_rules, rule_contenders
from insight.promotion.candidates import shipped_candidate
from insight.promotion.contenders import Contender
from insight.promotion.evaluation import Candidate, model_contender
from insight.promotion.gate import Demand
from insight.promotion.measurements import Ring
from insight.promotion.slices import with_slice_columns
from insight.promotion.task_metrics import LOWER_IS_BETTER
from insight.promotion.translation import translate
from insight.registry.registry import Registry
from insight.settings import TrainingSettings
from insight.spark import build_session
from insight.stages import Run
from insight.tables import CUSTOMER_DAILY, CUSTOMERS
from insight.training.stage import TRAIN

METRICS = ("auc", "pr_auc", "log_loss", "ece")
NAMES = {"log_loss": "logloss"}
BOOTSTRAP_ROUNDS = 1000
SEED = 20240101
MODELS = {
    "model": {},
    "ensemble": {"ensemble": ("transformer", "cnn")},
}
"""Both begin with the profile's encoder; settings of training that differ."""

CHOSEN = {"bootstrap_seed": SEED, "lightgbm_seed": SEED, "models": MODELS}
"""The models' own seed and settings are those of the shops' profiles under conf."""


def main() -> int:
    """Measure every shop and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = sorted({shop.name for shop in SHOPS})
    parser.add_argument("--shops", nargs="+", choices=names, default=names)
    given = parser.parse_args()
    configure_logs()
    spark = build_session("bench-tasks")
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory(prefix="insight-bench-") as folder:
        for shop in SHOPS:
            if shop.name in given.shops:
                measures += _measured(spark, shop, Path(folder) / shop.name)
                # After each shop: what took half an hour is not lost with the next one.
                print(write("tasks", measures, chosen=CHOSEN).read_text(), flush=True)
    return 0


def _measured(spark: SparkSession, shop: Shop, folder: Path) -> Iterator[Measure]:
    run = night_of(spark, shop, folder)
    ring, contenders = _contenders(run)
    splits = Splits(*(split_of(examples_of(run), name) for name in Splits._fields))
    contenders.append(rfm_contender(splits, shop.tasks, statistics_of(run)))
    if "purchase" in shop.tasks:
        contenders.append(bgnbd_contender(_orders(run, shop), splits.test))
    contenders.append(lightgbm_contender(splits, shop.tasks, seed=SEED))
    for contender in contenders:
        yield from _of_contender(ring, shop, contender)
    by_name = {contender.name: contender for contender in contenders}
    for name in MODELS:
        for rival in by_name.keys() - MODELS.keys():
            yield from _gains(ring, shop, by_name[name], by_name[rival])
    for task in shop.tasks:
        auc = random_split_auc(splits, task, seed=SEED)
        note = "LightGBM, rows of all cut-offs split at random: what not to promise"
        name = f"{shop.name}.{task}.auc.random_split_warning"
        yield Measure(name, auc, "", better="higher", note=note)


def _contenders(run: Run) -> tuple[Ring, list[Contender]]:
    """The test's labels, the two rules of every night, and the product's models."""
    examples, statistics = examples_of(run), statistics_of(run)
    test = examples.where("split = 'test'")
    sliced = with_slice_columns(test, statistics, run.lake.read(CUSTOMERS), as_of=run.run_date)
    learnt = examples.where("split <> 'test'")
    # As the product's model does, everyone learns from all rows whose labels are known.
    rules = fit_rules(learnt, statistics, most_rows=10**6)
    labels, found = rule_contenders(rules, sliced, statistics)
    for name, changes in MODELS.items():
        training = run.settings.training.model_dump() | changes
        settings = run.settings.model_copy(
            update={
                "training": TrainingSettings.model_validate(training),
                "registry": run.settings.registry / name,
            }
        )
        run.lake.begin_stage()
        own = Run(run.spark, settings, run.lake, run.run_date, run.run_id)
        TRAIN.work(own)
        said = model_contender(_candidate(own, statistics), test)
        found.append(Contender(name, said.version, said.probabilities))
    return Ring(labels, BOOTSTRAP_ROUNDS, SEED), found


def _candidate(run: Run, statistics: FeatureStatistics) -> Candidate:
    """Tonight's challenger, which reads tonight's examples as they are."""
    version = Registry(run.settings.registry).challenger(run.run_date)
    own = Vocabulary.load(version.folder)
    as_they_are = translate(
        own,
        statistics,
        own_vocabulary=own,
        own_statistics=FeatureStatistics.load(version.folder),
        own_length=run.settings.sequences.length,
    )
    return shipped_candidate(run.spark, version.version, version, as_they_are)


def _orders(run: Run, shop: Shop) -> pd.DataFrame:
    """First and last day with an order of each customer up to the cut-off, and how many."""
    daily = run.lake.read(CUSTOMER_DAILY).where(F.col("event_date") <= F.lit(shop.cutoff))
    days = daily.where("order_count > 0").groupBy("customer_id")
    return days.agg(
        F.min("event_date").alias("first"),
        F.max("event_date").alias("last"),
        F.count_distinct("event_date").alias("count"),
    ).toPandas()


def _of_contender(ring: Ring, shop: Shop, contender: Contender) -> Iterator[Measure]:
    for found in ring.measure(contender):
        if found.metric in METRICS and found.task in shop.tasks:
            estimate = found.estimate
            yield Measure(
                _name(shop, found.task, found.metric, contender.name),
                estimate.value,
                "nats" if found.metric == "log_loss" else "",
                better="lower" if found.metric in LOWER_IS_BETTER else "higher",
                note=f"95 % {estimate.low:.4f} to {estimate.high:.4f}, {found.row_count} rows",
            )


def _gains(ring: Ring, shop: Shop, ours: Contender, rival: Contender) -> Iterator[Measure]:
    """How much better ours is, paired: the same customers, the same draws."""
    for task in shop.tasks:
        for metric in ("auc", "log_loss"):
            found = ring.compare(ours, rival, metric, task, Demand.HOLD)
            if found is None:
                continue
            named = NAMES.get(metric, metric)
            gain = found.gain
            suffix = "" if ours.name == "ensemble" else f".{ours.name}"
            yield Measure(
                f"{shop.name}.{task}.{named}_better_than_{rival.name}{suffix}",
                gain.value,
                "",
                target=0.0,
                better="higher",
                note=f"95 % {gain.low:.4f} to {gain.high:.4f}; above 0 ours is better",
            )


def _name(shop: Shop, task: str, metric: str, contender: str) -> str:
    of = f"{shop.name}.{task}.{NAMES.get(metric, metric)}"
    return of if contender == "ensemble" else f"{of}.{contender}"


if __name__ == "__main__":
    sys.exit(main())
