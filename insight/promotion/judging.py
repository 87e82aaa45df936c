"""Gathers the evidence: all contenders on one ring, measured and compared."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame

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
    CHALLENGER,
    CHAMPION,
    LOGISTIC_REGRESSION,
    RECENCY_RULE,
    Contender,
)
from insight.promotion.evaluation import Candidate, model_contender
from insight.promotion.gate import Comparison, Demand
from insight.promotion.measurements import Measurement, Ring
from insight.promotion.own_items import OWN_ITEMS
from insight.promotion.popularity import training_self_information
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
    """

    examples: DataFrame
    item_daily: DataFrame
    vocabulary: DataFrame
    statistics: FeatureStatistics
    customers: DataFrame
    run_date: date

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
        return self.examples.where("split IN ('train', 'validation')")


@dataclass(frozen=True)
class Evidence:
    """What the judgement rests on.

    Args:
        measurements: Every contender's metrics.
        comparisons: The challenger's gains.
        notes: What could not be judged.
        ring: The rows that all were measured on.
        challenger: What it said about them.
    """

    measurements: list[Measurement]
    comparisons: list[Comparison]
    notes: list[str]
    ring: Ring
    challenger: Contender


def judge(
    challenger: Candidate, champion: Candidate | None, exam: Exam, settings: PromotionSettings
) -> Evidence:
    """Evaluate challenger, champion (if there is one) and baselines on the same test rows."""
    rules = fit_rules(exam.learnt, exam.statistics, most_rows=settings.logistic_rows)
    labels, rivals = rule_contenders(rules, exam.sliced_test, exam.statistics)
    rivals += next_item_contenders(
        exam.test, exam.item_daily, exam.vocabulary, windows=settings.popularity_days
    )
    if champion is not None:
        rivals.append(model_contender(champion, exam.test))
    ours = model_contender(challenger, exam.test)
    bits = training_self_information(exam.vocabulary)
    ring = Ring(labels, settings.bootstrap_rounds, settings.seed, bits)
    measurements = [found for each in (ours, *rivals) for found in ring.measure(each)]
    models = [each for each in (ours, *rivals) if each.name in (CHALLENGER, CHAMPION)]
    measurements += [found for each in models for found in measure_slices(ring, each)]
    gains, notes = list(_comparisons(ring, ours, rivals)), list(ring.unjudged().values())
    return Evidence(measurements, gains, notes, ring, ours)


def gate_metrics(candidate: Candidate, test: DataFrame) -> dict[str, float]:
    """By task, what is compared with a champion; tasks that the rows cannot judge are left out.

    Args:
        candidate: The model.
        test: Test examples.
    """
    said = model_contender(candidate, test)
    ring = Ring(read_labels(test), rounds=0, seed=0)
    return {task: ring.value(said, GATE_METRICS[task], task) for task in ring.tasks()}


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
    if rival.name == CHAMPION:
        return [(task, metric, Demand.REPLACE) for task, metric in GATE_METRICS.items()]
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
