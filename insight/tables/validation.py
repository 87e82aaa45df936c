"""What past nights would have been judged at: cross-validation in order of time."""

from insight.tables.table import Column, Table

VALIDATION = Table(
    name="validation",
    grain="one row per run date, fold, contender, task and metric",
    owner="data science",
    columns=(
        Column("fold", "int", "0: the run date's own test window; each further one is earlier."),
        Column("fold_date", "date", "Night taken for tonight; the test window ends with it."),
        Column("contender", "string", "challenger (trained in the fold), or a baseline's name."),
        Column("model_version", "string", "Version trained in the fold; 'baseline' for baselines."),
        Column("task", "string", "next_item, purchase or churn."),
        Column("metric", "string", "ndcg10, hr10, auc, log_loss, ece, ..."),
        Column("value", "double", "The metric on the fold's test rows."),
        Column("low", "double", "2.5 % bootstrap bound."),
        Column("high", "double", "97.5 % bootstrap bound."),
        Column("row_count", "bigint", "Labelled test rows of the fold."),
        Column("run_date", "date", "Run date that was validated."),
    ),
    key=("run_date", "fold", "contender", "task", "metric"),
    partition_by=("run_date",),
)
