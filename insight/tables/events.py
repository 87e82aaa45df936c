"""Clean events."""

from insight.tables.table import Check, Column, Table

EVENTS = Table(
    name="events",
    grain="one row per event",
    owner="data engineering",
    columns=(
        Column("event_id", "string", "Hash of the source row."),
        Column("event_at", "timestamp", "When it happened, UTC."),
        Column("event_type", "string", "view, cart, purchase or return."),
        Column("ingest_date", "date", "Run date that read the row."),
        Column("customer_id", "string", "Pseudonym; null for a guest.", nullable=True),
        Column("item_id", "string", "Item."),
        Column("order_id", "string", "Order or basket.", nullable=True),
        Column("quantity", "double", "Units."),
        Column(
            "price",
            "double",
            "Price of one unit, in the shop's currency; null where a click came without one.",
            nullable=True,
        ),
        Column(
            "amount_cents", "bigint", "quantity times price, in hundredths of the shop's currency."
        ),
        Column(
            "discount_cents",
            "bigint",
            "Discount on the line, in hundredths of the shop's currency.",
        ),
        Column("country", "string", "Country.", nullable=True),
        Column("source", "string", "Source name."),
        Column("event_date", "date", "UTC date of event_at."),
    ),
    key=("event_id",),
    partition_by=("event_date",),
    checks=(
        Check("known_type", "event_type IN ('view', 'cart', 'purchase', 'return')"),
        Check("amount_not_negative", "amount_cents >= 0"),
        Check("quantity_positive", "quantity > 0"),
    ),
)
