"""What each stage of each run read, wrote and took."""

from insight.tables.table import Column, Table

RUN_LOG = Table(
    name="run_log",
    grain="one row per run, stage and table touched",
    owner="data engineering",
    columns=(
        Column("run_id", "string", "One per submitted job."),
        Column("run_date", "date", "The date the run was for."),
        Column("stage", "string", "Stage."),
        Column("sequence", "int", "Order within the run, from 1."),
        Column(
            "table_name",
            "string",
            "Table touched; 'landing' for landing files, 'stage' for the stage as a whole.",
        ),
        Column("rows_read", "bigint", "Rows read from its data files."),
        Column("rows_written", "bigint", "Rows committed."),
        Column("version", "bigint", "Table version committed or read; -1 where none."),
        Column("seconds", "double", "Wall time of the stage, on the row 'stage'; else 0."),
        Column("outcome", "string", "ok, skipped, or the type of the error."),
        Column("detail", "string", "Why it was skipped or failed, or a remark.", nullable=True),
        Column("logged_at", "timestamp", "UTC."),
    ),
    key=("run_id", "sequence"),
)
