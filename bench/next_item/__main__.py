"""Next item, leave-one-out, full ranking, seen items filtered, on a file of sequences.

`make bench-next-item DATA=<file>` writes bench/results/next-item.json and, beside it, the top 20
per user as Parquet. Each user's last item is the test, the one before it the validation, which
chooses all settings, the epoch and the blend; then both members learn from it as well, since it is
known before the test, which is looked at once per contender.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.next_item.blending import best_of, ranks_of
from bench.next_item.contenders import Contender, Contest, contenders
from bench.next_item.data import LeaveOneOut, Sequences, categories_of
from bench.record import RESULTS, Measure, there, write
from insight.encoding.vocabulary import FIRST_KNOWN
from insight.errors import SourceFormatError
from insight.logs import configure_logs
from insight.metrics.ranking import hit_rate_at, ndcg_at

TARGETS = {"ndcg10": 0.053, "hr10": 0.092, "minutes_per_seed": 60.0}
TOP = 20


def main() -> int:
    """Run all seeds and write what they reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=there, required=True, help="lines: user item item …")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--max-epochs", type=int, default=40)
    given = parser.parse_args()
    configure_logs()
    try:
        name, protocol = given.data.stem.lower(), LeaveOneOut(Sequences.read(given.data))
    except SourceFormatError as error:
        parser.error(str(error))
    contest = Contest(protocol, given.max_epochs)
    measures, minutes = [], []
    scores: dict[str, list[tuple[float, float]]] = {}
    for seed in range(1, given.seeds + 1):
        began = time.monotonic()
        for each in contenders(contest, seed):
            scores.setdefault(each.name, []).append(_tested(each, protocol))
            print(f"seed {seed}, {each.name}: HR@10, NDCG@10 {scores[each.name][-1]}", flush=True)
        minutes.append((time.monotonic() - began) / 60)
        _write_lists(each, protocol, RESULTS / f"next-item-{name}-seed{seed}.parquet")
    measures += [measure for each in scores for measure in _measures(name, each, scores[each])]
    measures.append(_targeted(name, "minutes_per_seed", max(minutes), "minutes", "the slowest"))
    written = write("next-item", measures, chosen=contest.chosen)
    attributes = given.data.with_name(f"{given.data.stem}_item2attributes.json")
    if attributes.is_file():
        categories = categories_of(attributes, protocol.sequences)
        for each in contenders(contest.with_categories(categories), 1):
            found = [_tested(each, protocol)]
            measures += _measures(f"{name}_attributes", each.name, found)
        written = write("next-item", measures, chosen=contest.chosen)
    print(written.read_text())
    return 0


def _tested(contender: Contender, protocol: LeaveOneOut) -> tuple[float, float]:
    """HR@10 and NDCG@10 on the test items."""
    ranks = ranks_of(contender.test, protocol.test, repeats=False)
    return float(hit_rate_at(ranks, 10).mean()), float(ndcg_at(ranks, 10).mean())


def _measures(data: str, name: str, found: list[tuple[float, float]]) -> Iterator[Measure]:
    """Means over seeds; the last contender's, the ensemble's, have no name of their own."""
    of = data if name == "ensemble" else f"{data}.{name}"
    for metric, values in zip(("hr10", "ndcg10"), zip(*found, strict=True), strict=True):
        note = "seeds: " + ", ".join(f"{value:.4f}" for value in values)
        # The figures to reach are those of one file.
        is_aim = data == "beauty" and name in ("ensemble", "encoder")
        target = TARGETS[metric] if is_aim else None
        yield Measure(f"{of}.{metric}", mean(values), "", target, better="higher", note=note)


def _targeted(data: str, name: str, value: float, unit: str, note: str) -> Measure:
    return Measure(f"{data}.{name}", value, unit, TARGETS[name], note=note)


def _write_lists(contender: Contender, protocol: LeaveOneOut, path: Path) -> None:
    """The best items of each user: user_index (line number from 0), rank from 1, item.

    Of few items a user may have seen most: the list is then as long as there are others.
    """
    best = best_of(contender.test, protocol.test, TOP, repeats=False)
    users, places = np.nonzero(best)
    names = pa.array(protocol.sequences.items)
    columns = {
        "user_index": pa.array(users),
        "rank": pa.array(places + 1),
        "item": names.take(pa.array(best[users, places] - FIRST_KNOWN)),
    }
    pq.write_table(pa.table(columns), path)


if __name__ == "__main__":
    sys.exit(main())
