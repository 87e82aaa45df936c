"""Visits: a customer's events with no silence longer than the gap."""

from insight.tables.table import Check, Column, Table

SESSIONS = Table(
    name="sessions",
    grain="one row per visit",
    owner="data engineering",
    columns=(
        Column("session_id", "string", "Hash of customer and first event time."),
        Column("customer_id", "string", "Pseudonym."),
        Column("started_at", "timestamp", "First event, UTC."),
        Column("ended_at", "timestamp", "Last event, UTC."),
        Column("duration_seconds", "bigint", "From first to last event."),
        Column("event_count", "bigint", "Events in the visit."),
        Column("view_count", "bigint", "Views."),
        Column("cart_count", "bigint", "Items put in the cart."),
        Column("purchase_count", "bigint", "Purchased lines."),
        Column("amount_cents", "bigint", "Purchased, in hundredths of the currency."),
        Column("session_date", "date", "UTC date of started_at."),
    ),
    key=("session_id",),
    partition_by=("session_date",),
    checks=(
        Check("has_events", "event_count > 0"),
        Check("ends_after_start", "duration_seconds >= 0"),
    ),
)
