"""Who is compared on one seed: pairs that were counted, an encoder, and both together."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial

from bench.next_item.blending import Scores, blend_of, choose_pairs
from bench.next_item.data import LeaveOneOut, Rows
from bench.next_item.encoders import Scorer, Task, Trained, scorer_of, train_encoder
from insight.encoding.vocabulary import Indices
from insight.models.arrays import Floats
from insight.models.cooccurrence import CoOccurrence, PairWeights, count_pairs
from insight.settings import TrainingSettings

CANDIDATES: tuple[dict[str, float], ...] = (
    {"width": 64, "dropout": 0.3},
    {"width": 128, "dropout": 0.5},
)


@dataclass(frozen=True)
class Contender:
    """One way to rank items.

    Args:
        name: In the results.
        test: Scores of a block of the test's rows.
    """

    name: str
    test: Scores


@dataclass(frozen=True)
class Contest:
    """What all seeds share.

    Args:
        protocol: The splits.
        max_epochs: Of each training.
        candidates: Settings that validation chooses among, on the first seed.
        category_of_item: Category index of every item index; without it all are of one.
    """

    protocol: LeaveOneOut
    max_epochs: int
    candidates: tuple[dict[str, float], ...] = CANDIDATES
    category_of_item: Indices | None = None

    def with_categories(self, category_of_item: Indices) -> "Contest":
        """The same with what was chosen, and with something known of the items."""
        chosen, _ = self.best_on_the_first_seed
        return replace(self, candidates=(chosen,), category_of_item=category_of_item)

    @cached_property
    def pairs(self) -> PairWeights:
        """How pairs are counted, chosen on validation."""
        rows = self.protocol.validation
        return choose_pairs(rows, rows.items, self.protocol.sequences.size, repeats=False)

    @cached_property
    def best_on_the_first_seed(self) -> tuple[dict[str, float], Trained]:
        """The candidate that validation likes best, and what it became."""
        tried = [(each, self.trained(1, each)) for each in self.candidates]
        return max(tried, key=lambda each: each[1].ndcg)

    @property
    def chosen(self) -> dict[str, object]:
        """What validation chose: of the encoder, and how pairs are counted; seeds count from 1."""
        return {"encoder": self.best_on_the_first_seed[0], "pairs": asdict(self.pairs)}

    def trained(self, seed: int, candidate: dict[str, float]) -> Trained:
        """An encoder of these settings, at its best epoch on validation."""
        settings = self._settings(seed, candidate, max_epochs=self.max_epochs, stop_on="ndcg")
        return train_encoder(self._task(self.protocol.train), settings, repeats=False)

    def refitted(self, seed: int, candidate: dict[str, float], epochs: int) -> Trained:
        """The same on all that is known before the test, for as many epochs as were best."""
        settings = self._settings(seed, candidate, max_epochs=epochs, stop_on="none")
        return train_encoder(self._task(self.protocol.validation), settings, repeats=False)

    def counted(self, items: Indices) -> CoOccurrence:
        """The pairs of these histories."""
        return count_pairs(items, self.protocol.sequences.size, self.pairs)

    def _settings(
        self, seed: int, candidate: dict[str, float], **ending: object
    ) -> TrainingSettings:
        length = self.protocol.length
        return TrainingSettings.model_validate(
            {
                "backend": "single",
                "encoder": "transformer",
                "threads_per_rank": 2,
                "patience": 3,
                "learning_rate": 3e-3,
                "decay": "none",
                "weight_decay": 0.0,
                "negatives": 2048,
                "encoder_length": length,
                "target_positions": length,
                "within_sequence_weight": 1.0,
                "timeout_seconds": 3600,
                "seed": seed,
                **candidate,
                **ending,
            }
        )

    def _task(self, learnt: Rows) -> Task:
        protocol, size = self.protocol, self.protocol.sequences.size
        if self.category_of_item is None:
            return Task.without_categories(learnt, protocol.validation, size)
        return Task(learnt, protocol.validation, size, self.category_of_item)


def contenders(contest: Contest, seed: int) -> Iterator[Contender]:
    """Counted pairs, the encoder, and their blend, the last and best."""
    validation, now = contest.protocol.validation, contest.protocol.test.items
    counted = contest.counted(validation.items)
    candidate, trained = contest.best_on_the_first_seed
    if seed != 1:
        trained = contest.trained(seed, candidate)
    score = scorer_of(trained)
    blend = blend_of(partial(_of, score, validation.items), counted, validation)
    print(f"seed {seed}: {candidate}, {contest.pairs}, {blend}", flush=True)
    # What the test's rows know is known by then: their pairs count, and the encoder learns it.
    strengths = contest.counted(now).strengths(now)
    score = scorer_of(contest.refitted(seed, candidate, trained.best_epoch))
    yield Contender("co_occurrence", lambda rows: strengths[rows].toarray())
    yield Contender("encoder", partial(_of, score, now))
    yield Contender("ensemble", lambda rows: blend.logits(score(now[rows]), strengths[rows]))


def _of(score: Scorer, items: Indices, rows: slice) -> Floats:
    return score(items[rows])
