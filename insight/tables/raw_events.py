"""Events as they came, mapped to canonical names, customers already pseudonymous."""

from insight.tables.delivery import CURRENCY, FROM_FILE, INGEST_DATE, KEY_ID
from insight.tables.table import Column, Table

RAW_EVENTS = Table(
    name="raw_events",
    grain="one row per event as delivered",
    owner="data engineering",
    columns=(
        Column(
            "event_id",
            "string",
            "Source and pseudonym of its own id, or a hash of the row.",
            sensitive="pseudonym",
        ),
        Column("event_at", "timestamp", "When it happened, UTC.", nullable=True),
        Column("event_type", "string", "Type as the source's mapping names it.", nullable=True),
        Column(
            "customer_id",
            "string",
            "Pseudonym (HMAC-SHA256, 128 bits in hex); null for a guest.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("item_id", "string", "Item as the shop names it.", nullable=True),
        Column(
            "order_id",
            "string",
            "Pseudonym of the order or basket.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("quantity", "double", "Units, positive.", nullable=True),
        Column("price", "double", "Price of one unit, in the shop's currency.", nullable=True),
        Column(
            "discount",
            "double",
            "Discount on the line, positive, in the shop's currency.",
            nullable=True,
        ),
        Column(
            "coupon",
            "double",
            "What of the discount a coupon or a code gave, in the shop's currency.",
            nullable=True,
        ),
        CURRENCY,
        Column("country", "string", "Country as the shop names it.", nullable=True),
        Column("campaign_id", "string", "Campaign that a click or visit came from.", nullable=True),
        Column(
            "search_text",
            "string",
            "What was searched for; addresses and long numbers masked.",
            nullable=True,
            sensitive="masked",
        ),
        *FROM_FILE,
        KEY_ID,
        INGEST_DATE,
    ),
    key=(),
    partition_by=("ingest_date", "file_date"),
    layout="as_read",
)
