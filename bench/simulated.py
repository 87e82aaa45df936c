"""A simulated shop's night held against the truth: what is predicted, what was likely, what came.

`make bench-simulated` writes bench/results/simulated.json. Of a real shop only what happened is
known; here also how likely it was. The truth knows who has left for good, which nobody could
tell from events: no model reaches it.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pyspark.sql import functions as F

from bench.record import Measure, write
from insight.launch import open_run, run_stages
from insight.logs import configure_logs
from insight.metrics.bootstrap import Estimate, Resampling, interval
from insight.metrics.calibration import calibration_slope
from insight.metrics.statistics import auc_of
from insight.privacy.pseudonyms import load_key, pseudonymised
from insight.registry.registry import Registry
from insight.scoring.stage import SCORE
from insight.settings import load_settings
from insight.simulate.deliveries import SOURCE, Calendar, Places, simulate
from insight.spark import build_session
from insight.stages import Run
from insight.tables import CUSTOMER_SCORES
from jobs.nightly import NIGHT as STAGES

EVENTS, CUSTOMERS = 500_000, 10_000
FIRST = date(2024, 1, 1)
DAYS, DAYS_AFTER = 195, 35
"""Days after the night are for looking back at it; the truth is told every seventh from the end."""
NIGHT = FIRST + timedelta(days=DAYS - 1 - DAYS_AFTER)
HORIZON_DAYS = {"purchase": 7, "churn": 30}
TRUTH = {"purchase": "purchase_7d_probability", "churn": "churn_30d_probability"}
ROUNDS, SEED = 200, 20240101


@dataclass(frozen=True)
class Answers:
    """One task's scored customers, each array of shape (customers,).

    Args:
        said: The model's probabilities.
        likely: The true ones.
        came: 1 where it then happened.
    """

    said: np.ndarray
    likely: np.ndarray
    came: np.ndarray


def main() -> int:
    """Simulate, run the night, and write how far its scores are from the truth."""
    configure_logs()
    with tempfile.TemporaryDirectory(prefix="insight-bench-") as folder:
        places = Places(Path(folder) / "landing", Path(folder) / "truth")
        run = _open(Path(folder))
        simulate(run.settings.simulate, Calendar(FIRST, DAYS), places, events=EVENTS)
        began = time.monotonic()
        verdict = _score(run)
        minutes = (time.monotonic() - began) / 60
        rows = _scored(run, places)
        measures = [Measure("simulated.night_minutes", minutes, "minutes", note=verdict)]
        for task in HORIZON_DAYS:
            measures += _distance(task, _answers(task, rows))
    chosen = {"seed": run.settings.training.seed, "simulated_seed": run.settings.simulate.seed}
    print(write("simulated", measures, chosen=chosen).read_text())
    return 0


def _open(folder: Path) -> Run:
    named = {name: str(folder / name) for name in ("lake", "landing", "registry", "report")}
    # One rank: what two of them learn is the same, and Horovod's start is not what is measured.
    changes = {"training.backend": "single", "simulate.customers": CUSTOMERS}
    overrides = {**named, "pseudonym_key_file": str(folder / "key"), **changes}
    settings = load_settings("simulated", overrides=overrides)
    return open_run(build_session("bench-simulated"), settings, NIGHT)


def _score(run: Run) -> str:
    """The night up to its scores; where the gate refuses, the challenger is asked all the same."""
    run_stages(STAGES[: STAGES.index(SCORE)], run)
    registry = Registry(run.settings.registry)
    promoted = registry.champion_or_none(NIGHT) is not None
    if not promoted:
        registry.promote(registry.challenger(NIGHT).version, NIGHT, "bench: its scores are wanted")
    run_stages((SCORE,), run)
    return "promoted by the gate" if promoted else "refused by the gate, and scored nevertheless"


def _scored(run: Run, places: Places) -> pd.DataFrame:
    """Scored customers with true probabilities, and whether they bought within each horizon."""
    key = load_key(run.settings.pseudonym_key_file, may_generate=False)
    truth = run.spark.read.parquet(str(places.truth / SOURCE / f"{NIGHT}.parquet"))
    named = truth.withColumn("customer_id", pseudonymised(F.col("user"), key))
    run.lake.begin_stage()
    scores = run.lake.read(CUSTOMER_SCORES).where(F.col("score_date") == F.lit(NIGHT))
    rows = scores.join(named, on="customer_id", how="inner").toPandas()
    for task, days in HORIZON_DAYS.items():
        bought = rows["user"].isin(_buyers(places, days))
        rows[task] = (bought if task == "purchase" else ~bought).astype(np.float64)
    return rows.sort_values("user", ignore_index=True)


def _buyers(places: Places, days: int) -> set[str]:
    """Who bought in the days after the night, by the day it happened on rather than came on."""
    found: set[str] = set()
    for ahead in range(1, days + 1):
        of_day = f"*/from-{NIGHT + timedelta(days=ahead)}.parquet"
        for path in (places.folder / "events").glob(of_day):
            bought = [("event_type", "=", "purchase")]
            found.update(pq.read_table(path, columns=["user"], filters=bought)["user"].to_pylist())
    return found


def _answers(task: str, rows: pd.DataFrame) -> Answers:
    """Who bought long ago is not asked for churn."""
    said = rows[f"{task}_probability"].to_numpy(np.float64)
    asked = ~np.isnan(said)
    columns = (rows[TRUTH[task]], rows[task])
    return Answers(said[asked], *(each.to_numpy(np.float64)[asked] for each in columns))


def _distance(task: str, answers: Answers) -> Iterator[Measure]:
    said, likely, came = answers.said, answers.likely, answers.came
    slope, intercept = calibration_slope(came, said)
    true_slope, true_intercept = calibration_slope(likely, said)
    of_logit = "of log-odds on the predicted ones (Cox 1958), 1 is right, below it too extreme"
    values = {
        "calibration_slope": (slope, f"{of_logit}; intercept {intercept:.3f}; what happened"),
        "slope_to_truth": (
            true_slope,
            f"{of_logit}; intercept {true_intercept:.3f}; as if the days came infinitely often",
        ),
        "mean_over_true_mean": (
            said.mean() / likely.mean(),
            f"predicted {said.mean():.4f}, true {likely.mean():.4f}, came {came.mean():.4f}",
        ),
    }
    for name, (value, note) in values.items():
        yield Measure(f"simulated.{task}.{name}", value, "", 1.0, better="nearer", note=note)
    error, same_for_all = np.abs(said - likely).mean(), np.abs(likely.mean() - likely).mean()
    note = f"from the true probability; {same_for_all:.4f} with the true mean for everyone"
    yield Measure(f"simulated.{task}.mean_absolute_error", error, "", same_for_all, note=note)
    own, best = _auc(came, said), _auc(came, likely)
    note = f"95 % {own.low:.4f} to {own.high:.4f}, {len(came)} customers"
    yield Measure(f"simulated.{task}.auc", own.value, "", better="higher", note=note)
    note = f"that of the true probabilities: 95 % {best.low:.4f} to {best.high:.4f}"
    yield Measure(f"simulated.{task}.best_auc", best.value, "", better="higher", note=note)


def _auc(came: np.ndarray, said: np.ndarray) -> Estimate:
    return interval(auc_of(came, said), Resampling(np.arange(len(came)), ROUNDS, SEED))


if __name__ == "__main__":
    sys.exit(main())
