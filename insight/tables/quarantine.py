"""Every refused row, kept with its reason."""

from insight.tables.table import Column, Table

QUARANTINE = Table(
    name="quarantine",
    grain="one row per refused row and run date",
    owner="data engineering",
    columns=(
        Column("run_date", "date", "Night that refused the row."),
        Column("target", "string", "Table the row was meant for."),
        Column("reason", "string", "Name of the rule it broke."),
        Column("source", "string", "Source name."),
        Column("source_file", "string", "Landing file it came from."),
        Column(
            "payload", "string", "The row as JSON, as the raw table has it.", sensitive="masked"
        ),
    ),
    key=(),
    partition_by=("run_date",),
)
