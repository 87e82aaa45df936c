"""The rivals that any model must be worth its training against."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from insight.encoding.features import FeatureStatistics
from insight.encoding.tasks import NEXT_ACTIONS, YES_NO_TASKS
from insight.metrics.arrays import Doubles
from insight.metrics.ranking import MISSED
from insight.promotion.contenders import (
    ACTION_SHARES,
    BASELINE,
    LOGISTIC_REGRESSION,
    RECENCY_RULE,
    Contender,
    TestLabels,
)
from insight.promotion.evaluation import in_order
from insight.promotion.inputs import KEY, design_of
from insight.promotion.logistic import LinearRule, fit_logistic_regressions
from insight.promotion.own_items import OWN_ITEMS, with_own_item_ranks
from insight.promotion.popularity import popularity_name, with_popularity_ranks
from insight.promotion.recency import RecencyRule, fit_recency_rules, with_recency
from insight.promotion.slices import SLICE_COLUMNS, slices_of

_LABELS = [
    "next_item",
    *(f"{has}{task}" for task in (*YES_NO_TASKS, "next_action") for has in ("", "has_")),
]
_READ = ["features", "campaign_context"]


@dataclass(frozen=True)
class FittedRules:
    """Rules per yes/no task; a task without labels of both classes has none.

    ``action_shares`` says how often each of ``NEXT_ACTIONS`` came next, shape (actions,).
    """

    recency: Mapping[str, RecencyRule]
    logistic: Mapping[str, LinearRule]
    action_shares: Doubles


def fit_rules(learnt: DataFrame, statistics: FeatureStatistics, *, most_rows: int) -> FittedRules:
    """Fit the recency rule, the logistic regression, and the shares of next actions.

    Args:
        learnt: Train and validation examples.
        statistics: Which feature stands where.
        most_rows: How many rows the regression is fitted on at most.
    """
    return FittedRules(
        recency=fit_recency_rules(with_recency(learnt, statistics)),
        logistic=fit_logistic_regressions(learnt, most_rows=most_rows),
        action_shares=_action_shares(learnt),
    )


def rule_contenders(
    rules: FittedRules, test: DataFrame, statistics: FeatureStatistics
) -> tuple[TestLabels, list[Contender]]:
    """The labels of the test rows, and what the rules say about them.

    Args:
        rules: Fitted on what came before.
        test: Test examples with ``SLICE_COLUMNS``.
        statistics: Which feature stands where.
    """
    asked = with_recency(test, statistics).select(*KEY, *_LABELS, "recency", *SLICE_COLUMNS, *_READ)
    logistic = [f"logistic_{task}" for task in rules.logistic]
    schema = ", ".join(
        [
            *(f"{name} {kind}" for name, kind in asked.drop(*_READ).dtypes),
            *(f"{name} double" for name in logistic),
        ]
    )
    rows = in_order(asked.mapInArrow(_applying(rules.logistic), schema).toPandas())
    recency = rows["recency"].to_numpy()
    by_rule = {task: rule.probabilities(recency) for task, rule in rules.recency.items()}
    by_regression = {task: rows[f"logistic_{task}"].to_numpy() for task in rules.logistic}
    labels = replace(TestLabels.from_rows(rows), slices=slices_of(rows))
    return labels, [
        Contender(RECENCY_RULE, BASELINE, by_rule),
        Contender(LOGISTIC_REGRESSION, BASELINE, by_regression),
        Contender(ACTION_SHARES, BASELINE, actions=np.tile(rules.action_shares, (len(rows), 1))),
    ]


def read_labels(test: DataFrame) -> TestLabels:
    """What truly happened, alone."""
    return TestLabels.from_rows(in_order(test.select(*KEY, *_LABELS).toPandas()))


def next_item_contenders(
    test: DataFrame, item_daily: DataFrame, vocabulary: DataFrame, *, windows: tuple[int, ...]
) -> list[Contender]:
    """The customer's own items by frequency, and what was popular, one per look-back window."""
    targets = with_own_item_ranks(test.select(*KEY, "next_item", "item_indices"))
    ranked = with_popularity_ranks(targets, item_daily, vocabulary, windows=windows)
    names = [OWN_ITEMS, *(popularity_name(days) for days in windows)]
    rows = in_order(ranked.select(*KEY, *names).toPandas())
    return [Contender(name, BASELINE, ranks=rows[name].fillna(MISSED).to_numpy()) for name in names]


def _action_shares(learnt: DataFrame) -> Doubles:
    asked = learnt.where("has_next_action > 0").groupBy("next_action").count().collect()
    # One more of each: what never came is not impossible.
    counts = np.ones(len(NEXT_ACTIONS))
    for row in asked:
        counts[row["next_action"]] += row["count"]
    return np.asarray(counts / counts.sum())


def _applying(
    rules: Mapping[str, LinearRule],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def apply(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            table = pa.Table.from_batches([batch]).drop_columns(_READ)
            for task, rule in rules.items():
                said = pa.array(rule.probabilities(design_of(task, batch)))
                table = table.append_column(f"logistic_{task}", said)
            yield from table.to_batches()

    return apply
