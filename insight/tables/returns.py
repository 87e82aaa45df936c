"""Returns and cancellations, and the purchases they undo."""

from insight.tables.table import MONEY, Column, Table

RETURNS = Table(
    name="returns",
    grain="one row per return event",
    owner="data engineering",
    columns=(
        Column("return_event_id", "string", "The return.", sensitive="pseudonym"),
        Column(
            "purchase_event_id",
            "string",
            "The customer's newest purchase of the item before it, as known by its delivery; "
            "null where there is none in reach.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column(
            "customer_id",
            "string",
            "Pseudonym; null for a guest.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("item_id", "string", "Item."),
        Column("units", "double", "Units returned."),
        Column("amount", MONEY, "Returned, in the shop's currency."),
        Column(
            "seconds_to_return",
            "bigint",
            "From the purchase to the return; null without a purchase.",
            nullable=True,
        ),
        Column("event_date", "date", "UTC date of the return."),
        Column("ingest_date", "date", "Run date that read the return."),
    ),
    key=("return_event_id",),
    partition_by=("ingest_date",),
)
