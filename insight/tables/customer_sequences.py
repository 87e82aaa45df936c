"""The last events of every customer, oldest first."""

from insight.tables.table import Column, Table

CUSTOMER_SEQUENCES = Table(
    name="customer_sequences",
    grain="one row per customer and feature date",
    owner="data engineering",
    columns=(
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column(
            "events",
            "array<struct<event_at: timestamp, tie_break: bigint, item_id: string, "
            "event_type: string, price: double>>",
            "Last events by event_at, ties by tie_break (hash of event_id).",
            unit="events",
            window="the last sequences.length events",
        ),
        Column(
            "event_count",
            "bigint",
            "Events kept.",
            unit="events",
            window="the last sequences.length events",
        ),
        Column("feature_date", "date", "All events up to the end of this day may be in."),
    ),
    key=("customer_id", "feature_date"),
    partition_by=("feature_date",),
)
