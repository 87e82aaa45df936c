"""Visits: a customer's events with no silence longer than the gap."""

from insight.tables.table import MONEY, Check, Column, Table

SESSIONS = Table(
    name="sessions",
    grain="one row per visit",
    owner="data engineering",
    columns=(
        Column("session_id", "string", "Hash of customer and first event time."),
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column("started_at", "timestamp", "First event, UTC."),
        Column("ended_at", "timestamp", "Last event, UTC."),
        Column("duration_seconds", "bigint", "From first to last event."),
        Column("event_count", "bigint", "Events in the visit."),
        Column("view_count", "bigint", "Views."),
        Column("search_count", "bigint", "Searches."),
        Column("cart_count", "bigint", "Items put in the cart."),
        Column("purchase_count", "bigint", "Purchased lines."),
        Column("amount", MONEY, "Purchased, in the shop's currency."),
        Column("campaign_id", "string", "Campaign of its first campaign click.", nullable=True),
        Column("funnel_step", "string", "How far it came: none, viewed, carted or purchased."),
        Column("seconds_to_view", "bigint", "To the first view; null without one.", nullable=True),
        Column(
            "seconds_to_cart", "bigint", "To the first cart event; null without.", nullable=True
        ),
        Column(
            "seconds_to_purchase", "bigint", "To the first purchase; null without.", nullable=True
        ),
        Column("session_date", "date", "UTC date of started_at."),
    ),
    key=("session_id",),
    partition_by=("session_date",),
    checks=(
        Check("has_events", "event_count > 0"),
        Check("ends_after_start", "duration_seconds >= 0"),
        Check("known_step", "funnel_step IN ('none', 'viewed', 'carted', 'purchased')"),
    ),
)
