"""Who was shown which campaign."""

from insight.tables.delivery import COVERS_FROM, DELIVERED_ON
from insight.tables.table import Column, Table

EXPOSURES = Table(
    name="exposures",
    grain="one row per showing of a campaign to a customer",
    owner="data engineering",
    columns=(
        Column(
            "exposure_id",
            "string",
            "Source and pseudonym of its own id, or a hash of the row.",
            sensitive="pseudonym",
        ),
        Column("exposed_at", "timestamp", "When it was shown, UTC."),
        Column("ends_at", "timestamp", "When the campaign ends, UTC.", nullable=True),
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column("campaign_id", "string", "Campaign."),
        Column("channel", "string", "email, social, banner, ...", nullable=True),
        Column("category", "string", "Category it advertises.", nullable=True),
        Column("source", "string", "Source name."),
        Column("file_date", "date", "Date of the delivery that brought the row."),
        COVERS_FROM,
        DELIVERED_ON,
        Column("exposure_date", "date", "UTC date of exposed_at."),
        Column("ingest_date", "date", "Run date that read the row."),
    ),
    key=("exposure_id",),
    partition_by=("ingest_date",),
)
