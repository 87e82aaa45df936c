"""How many rows each cleaning rule touched."""

from insight.tables.table import Check, Column, Table

DATA_QUALITY = Table(
    name="data_quality",
    grain="one row per run date, target table and rule",
    owner="data engineering",
    columns=(
        Column("run_date", "date", "Night."),
        Column("target", "string", "Table being cleaned."),
        Column("rule", "string", "Cleaning rule, or 'kept'."),
        Column("row_count", "bigint", "Rows it touched."),
        Column("row_share", "double", "Share of the night's incoming rows, 0 to 1."),
    ),
    key=("run_date", "target", "rule"),
    partition_by=("run_date",),
    checks=(Check("share_in_bounds", "row_share BETWEEN 0 AND 1"),),
)
