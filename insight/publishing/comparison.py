"""The evaluation table as the page shows it: per task, contenders side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from insight.publishing.facts import MeasuredMetric

_HEADLINE_METRIC = {
    "next_item": "ndcg10",
    "purchase": "auc",
    "churn": "auc",
    "campaign": "auc",
    "next_action": "accuracy",
}
_TASK_TITLES = {
    "next_item": "Next item",
    "purchase": "Purchase within the horizon",
    "churn": "Churn: no purchase within the horizon",
    "campaign": "Campaign answered within the horizon",
    "next_action": "What comes next within the horizon, if anything",
}
_CHANCE = 0.5
"""The AUC of a coin."""


@dataclass(frozen=True)
class ComparedTask:
    """One task's contenders.

    Args:
        title: For people.
        metric: The metric that is drawn.
        rows: That metric of each contender, the models first, then baselines by value.
        axis: Values at both ends of the bars.
        others: Other metrics' names.
        table: Contender and metric name to value.
    """

    title: str
    metric: str
    rows: list[MeasuredMetric]
    axis: tuple[float, float]
    others: list[str]
    table: dict[tuple[str, str], MeasuredMetric]


def compared_tasks(metrics: Sequence[MeasuredMetric]) -> list[ComparedTask]:
    """Tasks in their usual order; those without metrics are left out."""
    tasks = []
    for task, headline in _HEADLINE_METRIC.items():
        of_task = [each for each in metrics if each.task == task]
        rows = [each for each in of_task if each.metric == headline]
        if rows:
            others = sorted({each.metric for each in of_task})
            table = {(each.contender, each.metric): each for each in of_task}
            tasks.append(
                ComparedTask(
                    _TASK_TITLES[task], headline, _ordered(rows), _axis(rows), others, table
                )
            )
    return tasks


def _ordered(rows: Sequence[MeasuredMetric]) -> list[MeasuredMetric]:
    models = ("challenger", "champion")
    return sorted(
        rows,
        key=lambda row: (
            models.index(row.contender) if row.contender in models else len(models),
            -row.value,
        ),
    )


def _axis(rows: Sequence[MeasuredMetric]) -> tuple[float, float]:
    """AUC is drawn from chance to 1; a ranking from 0 to just beyond the best."""
    if rows[0].metric == "auc":
        return min(_CHANCE, *(row.low for row in rows)), 1.0
    return 0.0, 1.05 * max(row.high for row in rows)
