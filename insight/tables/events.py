"""Clean events."""

from insight.tables.delivery import COVERS_FROM, CURRENCY, DELIVERED_ON
from insight.tables.table import MONEY, Check, Column, Table

EVENT_TYPES = ("view", "search", "cart", "purchase", "return", "campaign_click")

_LISTED = ", ".join(f"'{name}'" for name in EVENT_TYPES)

EVENTS = Table(
    name="events",
    grain="one row per event",
    owner="data engineering",
    columns=(
        Column(
            "event_id",
            "string",
            "Source and pseudonym of its own id, or a hash of the row.",
            sensitive="pseudonym",
        ),
        Column("event_at", "timestamp", "When it happened, UTC."),
        Column("event_type", "string", f"{', '.join(EVENT_TYPES)}."),
        Column(
            "customer_id",
            "string",
            "Pseudonym; null for a guest.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("item_id", "string", "Item; null for searches and clicks.", nullable=True),
        Column("category", "string", "The item's category as described by then.", nullable=True),
        Column("brand", "string", "The item's brand as described by then.", nullable=True),
        Column(
            "order_id",
            "string",
            "Pseudonym of the order or basket.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("quantity", "double", "Units."),
        Column(
            "price",
            "double",
            "Price of one unit, in the shop's currency; null where a click came without one.",
            nullable=True,
        ),
        Column(
            "amount",
            MONEY,
            "quantity times price, in the shop's currency, rounded to its millionth.",
        ),
        Column("discount", MONEY, "Discount on the line, in the shop's currency."),
        Column(
            "coupon",
            MONEY,
            "What of the discount a coupon or a code gave, in the shop's currency.",
        ),
        CURRENCY,
        Column("campaign_id", "string", "Campaign that a click came from.", nullable=True),
        Column(
            "search_text",
            "string",
            "What was searched for, in lower case; masked.",
            nullable=True,
            sensitive="masked",
        ),
        Column(
            "corrections",
            "string",
            "What cleaning changed, with commas between: price_imputed, quantity_imputed, "
            "price_capped, quantity_capped; null where nothing.",
            nullable=True,
        ),
        Column("country", "string", "Country.", nullable=True),
        Column("source", "string", "Source name."),
        Column("file_date", "date", "Date of the delivery that brought the row."),
        COVERS_FROM,
        DELIVERED_ON,
        Column("event_date", "date", "UTC date of event_at."),
        Column("ingest_date", "date", "Run date that read the row."),
    ),
    key=("event_id",),
    # A night's rows lie in files of their own: it never rewrites those of another.
    partition_by=("event_date", "ingest_date"),
    layout="as_read",
    checks=(
        Check("known_type", f"event_type IN ({_LISTED})"),
        Check("about_an_item", "item_id IS NOT NULL OR event_type IN ('search', 'campaign_click')"),
        Check("amount_not_negative", "amount >= 0"),
        Check("quantity_positive", "quantity > 0"),
    ),
)
