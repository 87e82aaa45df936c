"""Columns of several tables: where a row came from, its currency, what could not be read."""

from insight.tables.table import Column

FROM_FILE = (
    Column("source", "string", "Source name, as in conf/sources."),
    Column("source_file", "string", "Landing file the row came from."),
    Column("file_date", "date", "Date, or last date, the file is for."),
    Column("covers_from", "date", "First date the file is for."),
    Column(
        "covers_from_at",
        "timestamp",
        "Start of covers_from in the feed's time zone for dates, UTC.",
    ),
    Column(
        "covers_until_at",
        "timestamp",
        "End of file_date in the feed's time zone for dates, UTC, exclusive.",
    ),
    Column("date_zone", "string", "The feed's time zone for dates."),
    Column(
        "malformed",
        "string",
        "JSON of the fields that did not parse and the shape of each; null when all did.",
        nullable=True,
        sensitive="shape",
    ),
)
ABSENT_IS_REMOVED = Column(
    "absent_is_removed",
    "boolean",
    "Whether an attribute without a value was removed; else its last known value holds.",
)
COVERS_FROM = Column(
    "covers_from",
    "date",
    "First date of that delivery's file; 1970-01-01 for a file without a date.",
)
DELIVERED_ON = Column(
    "delivered_on",
    "date",
    "Date whose nightly delivery brings the row: the date it happened, in the feed's zone, if it "
    "was on time; else the date of its file.",
)
CURRENCY = Column(
    "currency",
    "string",
    "Currency of the row's money, an ISO 4217 code; null where the source names none.",
    nullable=True,
)
KEY_ID = Column("key_id", "string", "Which pseudonym key was used.")
INGEST_DATE = Column("ingest_date", "date", "Run date that read the row.")

ROW_IDS = {
    "raw_events": "event_id",
    "raw_feedback": "feedback_id",
    "raw_exposures": "exposure_id",
}
"""Raw tables whose rows have names: the shop's own, or else a hash of their content."""
