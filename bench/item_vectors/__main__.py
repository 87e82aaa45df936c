"""What items' vectors bring to the next item: trainings that differ in nothing else.

`make bench-item-vectors DATE=2017-11-30` takes the examples and vectors of a night that was run
before, with `--set text.encoder=minilm`, and writes bench/results/item-vectors.json. Epochs are
chosen on validation, and all is measured on validation, where a choice may be made, and on the
later test window.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from statistics import mean

from bench.item_vectors.judging import judged
from bench.item_vectors.night import Night, read_night
from bench.record import Measure, write
from insight.logs import configure_logs
from insight.training.backends.single_backend import SingleBackend
from insight.training.outcome import refuse_failures
from insight.training.plan import TrainingPlan

KINDS = ("none", "frozen", "fine_tuned")
Found = dict[str, list[float]]


def main() -> int:
    """Train and measure every kind with every seed; what is done is written before going on."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="local")
    parser.add_argument("--date", type=date.fromisoformat, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--files", type=int, default=None, help="of the training examples, of 8")
    given = parser.parse_args()
    configure_logs()
    night = read_night(given.profile, given.date, files=given.files)
    found: Found = {}
    for seed in range(given.seeds):
        for kind in KINDS:
            plan = plan_of(night, kind, seed)
            reports = SingleBackend(plan.settings.timeout_seconds).train(plan)
            refuse_failures(reports)
            for name, value in judged(plan, reports[0].weights or {}, night.splits).items():
                found.setdefault(f"{kind}.{name}", []).append(value)
                print(f"seed {seed}, {kind}.{name}: {value:.4f}", flush=True)
            written = write(
                "item-vectors",
                list(measures_of(found)),
                chosen={"seeds": [night.plan.settings.seed + each for each in range(seed + 1)]},
            )
    print(written.read_text())
    return 0


def plan_of(night: Night, kind: str, seed: int) -> TrainingPlan:
    """The night's training, but for what is compared."""
    first = night.plan.settings
    changed = {"item_vectors": kind, "seed": first.seed + seed, "threads_per_rank": 2}
    vectors = None if kind == "none" else night.vectors
    width = 0 if vectors is None else vectors.shape[1]
    return replace(
        night.plan,
        settings=first.model_copy(update=changed),
        shape=replace(night.plan.shape, item_vectors=kind, vector_width=width),
        item_vectors=vectors,
    )


def measures_of(found: Found) -> Iterator[Measure]:
    """Means over the seeds so far."""
    for name, values in found.items():
        note = "seeds: " + ", ".join(f"{value:.4f}" for value in values)
        yield Measure(name, mean(values), "", better="higher", note=note)


if __name__ == "__main__":
    sys.exit(main())
