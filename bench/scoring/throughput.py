"""Customers scored a second: in Spark's workers, and by one process that has the machine."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pyarrow.dataset as ds

from bench.record import Measure
from bench.scoring.night import Night
from insight.registry.shipping import ship
from insight.scoring.stage import SCORED, scorer_of
from insight.scoring.worker import LoadedModel, load_model, score_batch

ROUNDS = 3


def throughput_measures(night: Night) -> Iterator[Measure]:
    """Both rates; the models are loaded before."""
    spark, alone = _by_spark(night), one_process_rate(night, night.champion.folder)
    master = night.run.spark.sparkContext.master
    note = f"customers a second: {spark:.0f} in Spark ({master}), {alone:.0f} in one process"
    yield Measure("scoring.spark_over_single_process", spark / alone, "", 0.7, "higher", note)


def one_process_rate(night: Night, model: Path) -> float:
    """Customers a second of a model folder, on all cores."""
    loaded = load_model(model)
    return _rate(lambda: _by_one_process(night, loaded))


def _by_spark(night: Night) -> float:
    run = night.run
    scorer = scorer_of(run, ship(run.spark, night.champion), night.champion.version)
    count = run.spark.read.parquet(str(night.folder)).count()

    def score() -> int:
        customers = run.spark.read.parquet(str(night.folder))
        scored = customers.mapInArrow(scorer, SCORED)
        scored.write.format("noop").mode("overwrite").save()
        return count

    return _rate(score)


def _by_one_process(night: Night, model: LoadedModel) -> int:
    scoring = night.run.settings.scoring
    most = int(night.run.spark.conf.get("spark.sql.execution.arrow.maxRecordsPerBatch") or 10_000)
    rows = 0
    for batch in ds.dataset(night.folder, format="parquet").to_batches(batch_size=most):
        scored = score_batch(
            batch, model, top_k=scoring.top_k, recommend_seen=scoring.recommend_seen
        )
        rows += scored.num_rows
    return rows


def _rate(score: Callable[[], int]) -> float:
    seconds = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter()
        rows = score()
        seconds.append(time.perf_counter() - began)
    # The first round loads the model and traces its graphs.
    return rows / median(seconds[1:])
