"""Challenger, champion and baselines on the same later time window."""

from insight.tables.table import Column, Table

EVALUATION = Table(
    name="evaluation",
    grain="one row per run date, contender, task, metric and slice",
    owner="data science",
    columns=(
        Column("contender", "string", "challenger, champion, or a baseline's name."),
        Column("model_version", "string", "Registry version; 'baseline' for baselines."),
        Column("task", "string", "next_item, purchase, churn, campaign or next_action."),
        Column(
            "metric",
            "string",
            "ndcg10, hr10, auc, log_loss, ece, ...; of the models' ten first items coverage10, "
            "the share of tonight's vocabulary that anyone is shown, and novelty10, the mean of "
            "-log2 of an item's share of the events in the training window, in bits.",
        ),
        Column("value", "double", "The metric."),
        Column(
            "low", "double", "2.5 % bootstrap bound; for coverage10, which has none, the value."
        ),
        Column("high", "double", "97.5 % bootstrap bound; for coverage10 the value."),
        Column("row_count", "bigint", "Labelled test rows."),
        Column(
            "slice",
            "string",
            "all, new, returning, big_spenders, without_item_events, or a country's name.",
        ),
        Column("run_date", "date", "Night."),
    ),
    key=("run_date", "contender", "task", "metric", "slice"),
    partition_by=("run_date",),
)
