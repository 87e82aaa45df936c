"""What customers say, as it came: reviews, tickets, questions, and mentions on social media."""

from insight.tables.delivery import FROM_FILE, INGEST_DATE, KEY_ID
from insight.tables.table import Column, Table

RAW_FEEDBACK = Table(
    name="raw_feedback",
    grain="one row per review, ticket, question or mention as delivered",
    owner="data engineering",
    columns=(
        Column(
            "feedback_id",
            "string",
            "Source and pseudonym of its own id, or a hash of the row.",
            sensitive="pseudonym",
        ),
        Column("created_at", "timestamp", "When it was written, UTC.", nullable=True),
        Column("kind", "string", "review, ticket, question or mention.", nullable=True),
        Column(
            "customer_id",
            "string",
            "Pseudonym (HMAC-SHA256, 128 bits in hex); null where nobody is known.",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("item_id", "string", "Item it is about.", nullable=True),
        Column("rating", "double", "Stars, 1 to 5.", nullable=True),
        Column("channel", "string", "Where it was written.", nullable=True),
        Column(
            "feedback_text",
            "string",
            "What was written; addresses and long numbers masked.",
            nullable=True,
            sensitive="masked",
        ),
        Column(
            "reply_text",
            "string",
            "What was answered; masked likewise.",
            nullable=True,
            sensitive="masked",
        ),
        *FROM_FILE,
        KEY_ID,
        INGEST_DATE,
    ),
    key=(),
    partition_by=("ingest_date",),
)
