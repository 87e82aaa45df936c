"""What customers say, as it came: reviews, tickets, questions, and mentions on social media."""

from insight.tables.table import Column, Table

RAW_FEEDBACK = Table(
    name="raw_feedback",
    grain="one row per review, ticket, question or mention as delivered",
    owner="data engineering",
    columns=(
        Column("feedback_id", "string", "The shop's own id, or a hash of the source row."),
        Column("created_at", "timestamp", "When it was written, UTC.", nullable=True),
        Column("kind", "string", "review, ticket, question or mention.", nullable=True),
        Column(
            "customer_id",
            "string",
            "Pseudonym (HMAC-SHA256, 128 bits in hex); null where nobody is known.",
            nullable=True,
        ),
        Column("item_id", "string", "Item it is about.", nullable=True),
        Column("rating", "double", "Stars, 1 to 5.", nullable=True),
        Column("channel", "string", "Where it was written.", nullable=True),
        Column("feedback_text", "string", "What was written.", nullable=True),
        Column("reply_text", "string", "What was answered.", nullable=True),
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
