"""Who was shown which campaign, as it came."""

from insight.tables.table import Column, Table

RAW_EXPOSURES = Table(
    name="raw_exposures",
    grain="one row per showing of a campaign as delivered",
    owner="data engineering",
    columns=(
        Column("exposure_id", "string", "The shop's own id, or a hash of the source row."),
        Column("exposed_at", "timestamp", "When it was shown, UTC.", nullable=True),
        Column("ends_at", "timestamp", "When the campaign ends, UTC.", nullable=True),
        Column("customer_id", "string", "Pseudonym (HMAC-SHA256, 128 bits in hex).", nullable=True),
        Column("campaign_id", "string", "Campaign.", nullable=True),
        Column("channel", "string", "email, social, banner, ...", nullable=True),
        Column("category", "string", "Category it advertises.", nullable=True),
        Column("source", "string", "Source name, as in conf/sources."),
        Column("source_file", "string", "Landing file the row came from."),
        Column("file_date", "date", "Date, or last date, the file is for."),
        Column("covers_from", "date", "First date the file is for."),
        Column(
            "malformed",
            "string",
            "JSON of the fields that did not parse, as found; null when all did.",
            nullable=True,
        ),
        Column("key_id", "string", "Which pseudonym key was used."),
        Column("ingest_date", "date", "Run date that read the row."),
    ),
    key=(),
    partition_by=("ingest_date",),
)
