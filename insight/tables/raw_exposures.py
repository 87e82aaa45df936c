"""Who was shown which campaign, as it came."""

from insight.tables.delivery import FROM_FILE, INGEST_DATE, KEY_ID
from insight.tables.table import Column, Table

RAW_EXPOSURES = Table(
    name="raw_exposures",
    grain="one row per showing of a campaign as delivered",
    owner="data engineering",
    columns=(
        Column(
            "exposure_id",
            "string",
            "Source and pseudonym of its own id, or a hash of the row.",
            sensitive="pseudonym",
        ),
        Column("exposed_at", "timestamp", "When it was shown, UTC.", nullable=True),
        Column("ends_at", "timestamp", "When the campaign ends, UTC.", nullable=True),
        Column(
            "customer_id",
            "string",
            "Pseudonym (HMAC-SHA256, 128 bits in hex).",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("campaign_id", "string", "Campaign.", nullable=True),
        Column("channel", "string", "email, social, banner, ...", nullable=True),
        Column("category", "string", "Category it advertises.", nullable=True),
        *FROM_FILE,
        KEY_ID,
        INGEST_DATE,
    ),
    key=(),
    partition_by=("ingest_date",),
)
