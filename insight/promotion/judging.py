"""Gathers the evidence: all contenders on one ring, measured and compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.encoding.features import FeatureStatistics
from insight.encoding.tasks import YES_NO_TASKS
from insight.promotion.baselines import (
    fit_rules,
    next_item_contenders,
    read_labels,
    rule_contenders,
)
from insight.promotion.contenders import (
    ACTION_SHARES,
    LOGISTIC_REGRESSION,
    RECENCY_RULE,
    Contender,
)
from insight.promotion.evaluation import Candidate, model_contender
from insight.promotion.gate import Comparison, Demand
from insight.promotion.measurements import Measurement, Ring
from insight.promotion.own_items import OWN_ITEMS
from insight.promotion.popularity import training_self_information
from insight.promotion.replacement import Gain, Replacement
from insight.promotion.slices import measure_slices, with_slice_columns
from insight.settings import PromotionSettings

NEXT_ITEM_METRIC = "ndcg10"
GATE_METRICS = {
    "next_item": NEXT_ITEM_METRIC,
    **dict.fromkeys(YES_NO_TASKS, "auc"),
    "next_action": "accuracy",
}
"""What is compared with a champion, by task."""


@dataclass(frozen=True)
class Exam:
    """What contenders are judged on.

    Args:
        examples: Tonight's training examples, all splits.
        item_daily: Interactions per item and day.
        vocabulary: Tonight's item_id to item_index, with events in the training window.
        statistics: Tonight's feature scales.
        customers: Descriptions of customers.
        run_date: Tonight.
        learned_splits: Splits that a challenger learns from, and so does every baseline.
    """

    examples: DataFrame
    item_daily: DataFrame
    vocabulary: DataFrame
    statistics: FeatureStatistics
    customers: DataFrame
    run_date: date
    learned_splits: tuple[str, ...]

    @property
    def validation(self) -> DataFrame:
        return self.examples.where("split = 'validation'")

    @property
    def test(self) -> DataFrame:
        return self.examples.where("split = 'test'")

    @property
    def sliced_test(self) -> DataFrame:
        """The test rows with what tells the slices."""
        customers, statistics = self.customers, self.statistics
        return with_slice_columns(self.test, statistics, customers, as_of=self.run_date)

    @property
    def learnt(self) -> DataFrame:
        """The rows that everyone learns from."""
        return self.examples.where(F.col("split").isin(*self.learned_splits))


@dataclass(frozen=True)
class Evidence:
    """What the judgement rests on.

    Args:
        measurements: Every contender's metrics.
        comparisons: The challenger's gains over baselines.
        notes: What could not be judged.
        ring: The rows that all were measured on.
        challenger: What it said about them.
        replacement: The challenger beside the champion; None without one.
    """

    measurements: list[Measurement]
    comparisons: list[Comparison]
    notes: list[str]
    ring: Ring
    challenger: Contender
    replacement: Replacement | None = None


def judge(
    challenger: Candidate, champion: Candidate | None, exam: Exam, settings: PromotionSettings
) -> Evidence:
    """Evaluate challenger, champion (if there is one) and baselines on the same test rows."""
    rules = fit_rules(exam.learnt, exam.statistics, most_rows=settings.logistic_rows)
    labels, rivals = rule_contenders(rules, exam.sliced_test, exam.statistics)
    rivals += next_item_contenders(
        exam.test, exam.item_daily, exam.vocabulary, windows=settings.popularity_days
    )
    present = None if champion is None else model_contender(champion, exam.test)
    ours = model_contender(challenger, exam.test)
    bits = training_self_information(exam.vocabulary)
    ring = Ring(labels, settings.bootstrap_rounds, settings.seed, bits)
    models = [ours] if present is None else [ours, present]
    measurements = [found for each in (*models, *rivals) for found in ring.measure(each)]
    measurements += [found for each in models for found in measure_slices(ring, each)]
    replacement = None if present is None else compare_with_champion(ring, ours, present)
    gains = list(_comparisons(ring, ours, rivals))
    return Evidence(measurements, gains, _notes(ring, ours), ring, ours, replacement)


def compare_with_champion(ring: Ring, challenger: Contender, champion: Contender) -> Replacement:
    """The challenger's gains over the champion on all tasks together, and heads lost or gained.

    A head counts as lost even if tonight's rows cannot judge its task. A task with too few
    answers to be resampled is left out: it must not take its rounds from the other tasks.
    """
    both = challenger.answers & champion.answers & set(ring.tasks())
    too_few = ring.too_few_to_compare()
    left_out = tuple(reason for task, reason in too_few.items() if task in both)
    compared = both - set(too_few)
    metrics = {task: name for task, name in GATE_METRICS.items() if task in compared}
    lost = tuple(sorted(champion.answers - challenger.answers))
    gained = tuple(sorted(challenger.answers - champion.answers))
    if not metrics:
        return Replacement((), 0.0, lost, gained, left_out)
    found = ring.joint_gains(challenger, champion, metrics)
    numbers = zip(metrics.items(), found.values, found.errors, strict=True)
    gains = tuple(
        Gain(task, name, float(value), float(error), ring.value(champion, name, task))
        for (task, name), value, error in numbers
    )
    return Replacement(gains, found.standardised_sum(), lost, gained, left_out)


def gate_metrics(candidate: Candidate, test: DataFrame) -> dict[str, float]:
    """By task, what is compared with a champion.

    Tasks that the rows cannot judge and tasks that the model does not answer are left out.

    Args:
        candidate: The model.
        test: Test examples.
    """
    said = model_contender(candidate, test)
    ring = Ring(read_labels(test), rounds=0, seed=0)
    return {task: ring.value(said, GATE_METRICS[task], task) for task in _judged(ring, said)}


def _judged(ring: Ring, contender: Contender) -> list[str]:
    return [task for task in ring.tasks() if task in contender.answers]


def _notes(ring: Ring, challenger: Contender) -> list[str]:
    """The tasks that nothing was compared on, and why."""
    judged = _judged(ring, challenger)
    silent = [task for task in ring.tasks() if task not in judged]
    return [
        *ring.unjudged().values(),
        *(f"the challenger does not answer {task}" for task in silent),
    ]


def _comparisons(
    ring: Ring, challenger: Contender, rivals: Sequence[Contender]
) -> Iterator[Comparison]:
    for rival in rivals:
        for task, metric, demand in _demands(rival):
            found = ring.compare(challenger, rival, metric, task, demand)
            if found is not None:
                yield found


def _demands(rival: Contender) -> list[tuple[str, str, Demand]]:
    """Task, metric and what is asked of the challenger against one rival."""
    if rival.name == RECENCY_RULE:
        # Campaigns of one window are few: what is right may not show as such.
        demands = {"campaign": Demand.HOLD}
        return [(task, "auc", demands.get(task, Demand.BEAT)) for task in YES_NO_TASKS]
    if rival.name == ACTION_SHARES:
        return [("next_action", "log_loss", Demand.HOLD)]
    if rival.name == LOGISTIC_REGRESSION:
        ranked = [(task, "auc", Demand.HOLD) for task in YES_NO_TASKS]
        # How many answer differs from one campaign to the next: their order alone is judged.
        leveled = (task for task in YES_NO_TASKS if task != "campaign")
        return [*ranked, *((task, "log_loss", Demand.HOLD) for task in leveled)]
    demand = Demand.HOLD if rival.name == OWN_ITEMS else Demand.BEAT
    return [("next_item", NEXT_ITEM_METRIC, demand)]
