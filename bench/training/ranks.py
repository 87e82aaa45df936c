"""How much a rank learns in a second, and whether two learn the same, sooner."""

import resource
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from bench.next_item.blending import ranks_of
from bench.next_item.data import Rows
from bench.next_item.encoders import Task, plan_of, scorer_of, trained_by
from bench.record import Measure
from insight.metrics.bootstrap import Resampling, interval
from insight.metrics.ranking import ndcg_at
from insight.metrics.statistics import mean_of
from insight.settings import TrainingSettings
from insight.training.backends.horovodrun_backend import HorovodrunBackend
from insight.training.plan import RankReport

RECTOOLS, RECTOOLS_REAL = 640, 3750
"""Targets a second and thread of RecTools' SASRec (0.19, width 64, one block, length 50, 256
negatives, on Beauty): as shipped, and where only real positions are counted in a batch."""
EPOCHS = 4
GLOBAL_BATCH, LARGE_BATCH = 256, 1024
ROUNDS, SEED = 1000, 20240101


def targets_per_cpu_second(task: Task, folder: Path) -> Iterator[Measure]:
    """Real positions learned a CPU-second, start and first trace left out."""
    real = int((task.train.items > 0).sum())
    seconds = [_cpu_of(task, folder / str(epochs), epochs) for epochs in (1, 1 + EPOCHS)]
    rate = EPOCHS * real / (seconds[1] - seconds[0])
    note = f"{real} real positions an epoch; RecTools as shipped {RECTOOLS}"
    yield Measure("training.targets_per_cpu_second", rate, "1/s", 5 * RECTOOLS, "higher", note)
    note = f"RecTools with real positions only {RECTOOLS_REAL}"
    yield Measure(
        "training.targets_over_real_positions_only", rate / RECTOOLS_REAL, "", None, "higher", note
    )


def curves_of(task: Task, test: Rows, folder: Path) -> Iterator[Measure]:
    """One rank and two on the same rows, with the same number of them in a step and in a rank."""
    reports, gains = {}, {}
    for ranks in (1, 2):
        settings = settings_of(ranks, max_epochs=EPOCHS)
        plan = plan_of(task, settings, folder / str(ranks), repeats=False)
        found = HorovodrunBackend(settings).train(plan)
        score = scorer_of(trained_by(plan, found))
        ranked = ranks_of(lambda rows, score=score: score(test.items[rows]), test, repeats=False)
        reports[ranks], gains[ranks] = found, ndcg_at(ranked, 10)
    name = "training.two_ranks_over_one"
    yield _gain(f"{name}.same_rows_a_step", *map(_speed, reports.values()), rows=GLOBAL_BATCH // 2)
    one, two = (_losses(reports[ranks]) for ranks in (1, 2))
    farthest = float(np.max(np.abs(two / one - 1)))
    note = f"losses by epoch: {np.round(one, 4).tolist()} and {np.round(two, 4).tolist()}"
    yield Measure("training.farthest_loss_of_two_ranks", farthest, "", 0.02, "lower", note)
    drawn = Resampling(np.arange(len(gains[1])), ROUNDS, SEED)
    apart = interval(mean_of(gains[2] - gains[1]), drawn)
    note = f"95 % {apart.low:.4f} to {apart.high:.4f}; NDCG@10 {gains[1].mean():.4f} with one"
    yield Measure("training.ndcg10_two_ranks_minus_one", apart.value, "", 0.0, "nearer", note)


def gains_of_a_second_rank(task: Task, folder: Path) -> Iterator[Measure]:
    """Two ranks' examples a second over one's, with as many rows in each rank's step."""
    for rows in (GLOBAL_BATCH, LARGE_BATCH):
        speeds = []
        for ranks in (1, 2):
            settings = settings_of(ranks, max_epochs=EPOCHS)
            settings = settings.model_copy(update={"batch_size": rows})
            plan = plan_of(task, settings, folder / f"{rows}-{ranks}", repeats=False)
            speeds.append(_speed(HorovodrunBackend(settings).train(plan)))
        yield _gain(f"training.two_ranks_over_one.rows_{rows}", *speeds, rows=rows)


def _gain(name: str, alone: float, together: float, *, rows: int) -> Measure:
    found = f"examples a second: {alone:.0f} and {together:.0f}"
    note = f"{found}, one thread a rank, {rows} rows a rank and step"
    return Measure(name, together / alone, "", 1.7, "higher", note)


def settings_of(ranks: int, *, max_epochs: int) -> TrainingSettings:
    """As many rows in a step whatever the ranks."""
    return TrainingSettings.model_validate(
        {
            "ranks": ranks,
            "threads_per_rank": 1,
            "encoder": "transformer",
            "width": 64,
            "blocks": 1,
            "dropout": 0.2,
            "encoder_length": 50,
            "target_positions": 50,
            "within_sequence_weight": 1.0,
            "negatives": 256,
            "batch_size": GLOBAL_BATCH // ranks,
            "learning_rate": 3e-3,
            "decay": "none",
            "stop_on": "none",
            "max_epochs": max_epochs,
            "seed": SEED,
        }
    )


def _cpu_of(task: Task, folder: Path, epochs: int) -> float:
    settings = settings_of(1, max_epochs=epochs)
    plan = plan_of(task, settings, folder, repeats=False)
    before = _children_seconds()
    trained_by(plan, HorovodrunBackend(settings).train(plan))
    return _children_seconds() - before


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _speed(reports: Sequence[RankReport]) -> float:
    """Examples a second; the first epoch traces the graph."""
    return median(entry["examples_per_second"] for entry in reports[0].history[1:])


def _losses(reports: Sequence[RankReport]) -> np.ndarray:
    return np.array([entry["loss"] for entry in reports[0].history])
