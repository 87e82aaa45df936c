"""The next click of a session: Recall@20 and MRR@20 over all training items.

`make bench-sessions DATA=<folder>` writes bench/results/sessions.json. The newest tenth of the
training sessions is the validation, which chooses all settings, the epoch and the blend; then
both members learn from it as well.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from statistics import mean

import numpy as np

from bench.next_item.blending import Scores, blend_of, choose_pairs, ranks_of
from bench.next_item.encoders import Scorer, Task, Trained, scorer_of, train_encoder
from bench.record import Measure, there, write
from bench.sessions.data import LENGTH, Sessions, to_rows, whole
from bench.sessions.rivals import Ranker, markov, popularity, session_knn
from insight.encoding.vocabulary import Indices
from insight.logs import configure_logs
from insight.metrics.ranking import hit_rate_at, mrr_at
from insight.models.arrays import Floats
from insight.models.cooccurrence import count_pairs
from insight.settings import TrainingSettings

RIVALS = {"popularity": popularity, "markov": markov, "vsknn": session_knn}
K = 20


def main() -> int:
    """Measure the rivals, then each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=there, required=True, help="a folder of sessions")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--max-epochs", type=int, default=20)
    given = parser.parse_args()
    configure_logs()
    sessions = Sessions.read(given.data)
    found: dict[str, list[tuple[float, float]]] = {}
    chosen: dict[str, object] = {}

    def measure(name: str, scores: Scores) -> None:
        ranks = ranks_of(scores, sessions.test, repeats=True)
        found.setdefault(name, []).append((_mean(hit_rate_at(ranks, K)), _mean(mrr_at(ranks, K))))
        print(f"{name}: Recall@20, MRR@20 {found[name][-1]}", flush=True)

    for name, rival in RIVALS.items():
        measure(name, _on_test(rival(sessions.train, sessions.size), sessions))
    for seed in range(1, given.seeds + 1):
        for name, scores in _ours(sessions, seed, given.max_epochs, chosen):
            measure(name, scores)
    print(write("sessions", _measures(found), chosen=chosen).read_text())
    return 0


def _ours(
    sessions: Sessions, seed: int, max_epochs: int, chosen: dict[str, object]
) -> Iterator[tuple[str, Scores]]:
    """Counted pairs, the encoder, and their blend; what validation chose is noted."""
    older = whole(sessions.older)
    pairs = choose_pairs(sessions.validation, older, sessions.size, repeats=True)
    counted = count_pairs(older, sessions.size, pairs)
    trained = _trained(sessions, sessions.older, _settings(seed, max_epochs=max_epochs))
    score = scorer_of(trained)
    known, now = sessions.validation.items, sessions.test.items
    blend = blend_of(partial(_of, score, known), counted, sessions.validation)
    found = {"epoch": trained.best_epoch, "pairs": asdict(pairs), "blend": asdict(blend)}
    chosen[f"seed {seed}"] = found
    print(f"seed {seed}: {found}", flush=True)
    settings = _settings(seed, max_epochs=trained.best_epoch, stop_on="none")
    score = scorer_of(_trained(sessions, sessions.train, settings))
    strengths = count_pairs(whole(sessions.train), sessions.size, pairs).strengths(now)
    yield "co_occurrence", lambda block: strengths[block].toarray()
    yield "encoder", partial(_of, score, now)
    yield "ensemble", lambda block: blend.logits(score(now[block]), strengths[block])


def _of(score: Scorer, items: Indices, block: slice) -> Floats:
    return score(items[block])


def _trained(sessions: Sessions, learnt: list[Indices], settings: TrainingSettings) -> Trained:
    task = Task.without_categories(to_rows(learnt), sessions.validation, sessions.size)
    return train_encoder(task, settings, repeats=True)


def _settings(seed: int, **ending: object) -> TrainingSettings:
    return TrainingSettings.model_validate(
        {
            "backend": "single",
            "encoder": "gru",
            "threads_per_rank": 2,
            "patience": 2,
            "stop_on": "ndcg",
            "width": 128,
            "dropout": 0.3,
            "learning_rate": 2e-3,
            "negatives": 2048,
            "encoder_length": LENGTH,
            "target_positions": LENGTH,
            "within_sequence_weight": 1.0,
            "timeout_seconds": 5400,
            "seed": seed,
            **ending,
        }
    )


def _on_test(ranker: Ranker, sessions: Sessions) -> Scores:
    return lambda block: ranker(sessions.test.items[block])


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _measures(found: dict[str, list[tuple[float, float]]]) -> list[Measure]:
    measures = []
    for name, seeds in found.items():
        of = "sessions" if name == "ensemble" else f"sessions.{name}"
        for metric, values in zip(("recall20", "mrr20"), zip(*seeds, strict=True), strict=True):
            note = "seeds: " + ", ".join(f"{value:.4f}" for value in values)
            measures.append(Measure(f"{of}.{metric}", mean(values), "", better="higher", note=note))
    for number, metric in enumerate(("recall20", "mrr20")):
        best = max(found[name][0][number] for name in RIVALS)
        ratio = mean(seed[number] for seed in found["ensemble"])
        over = found["vsknn"][0][number]
        measures.append(
            Measure(f"sessions.{metric}_over_vsknn", ratio / over, "", target=1.0, better="higher")
        )
        measures.append(
            Measure(
                f"sessions.{metric}_over_best_rival", ratio / best, "", target=1.0, better="higher"
            )
        )
    return measures


if __name__ == "__main__":
    sys.exit(main())
