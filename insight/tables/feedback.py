"""What customers say."""

from insight.tables.table import Check, Column, Table

FEEDBACK = Table(
    name="feedback",
    grain="one row per review, ticket, question or mention",
    owner="data engineering",
    columns=(
        Column(
            "feedback_id",
            "string",
            "Source and pseudonym of its own id, or a hash of the row.",
            sensitive="pseudonym",
        ),
        Column("created_at", "timestamp", "When it was written, UTC."),
        Column("kind", "string", "review, ticket, question or mention."),
        Column(
            "customer_id",
            "string",
            "Pseudonym; null where nobody is known.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("item_id", "string", "Item it is about.", nullable=True),
        Column("rating", "double", "Stars, 1 to 5.", nullable=True),
        Column("channel", "string", "Where it was written.", nullable=True),
        Column(
            "feedback_text",
            "string",
            "What was written, without control characters; masked.",
            sensitive="masked",
        ),
        Column(
            "reply_text",
            "string",
            "What was answered; masked likewise.",
            nullable=True,
            sensitive="masked",
        ),
        Column("source", "string", "Source name."),
        Column("feedback_date", "date", "UTC date of created_at."),
        Column("ingest_date", "date", "Run date that read the row."),
    ),
    key=("feedback_id",),
    partition_by=("ingest_date",),
    checks=(
        Check("known_kind", "kind IN ('review', 'ticket', 'question', 'mention')"),
        Check("rating_in_bounds", "rating IS NULL OR rating BETWEEN 1 AND 5"),
    ),
)
