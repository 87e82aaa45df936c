"""Columns of every raw table: where a row came from, and what of it could not be read."""

from insight.tables.table import Column

FROM_FILE = (
    Column("source", "string", "Source name, as in conf/sources."),
    Column("source_file", "string", "Landing file the row came from."),
    Column("file_date", "date", "Date, or last date, the file is for."),
    Column("covers_from", "date", "First date the file is for."),
    Column(
        "malformed",
        "string",
        "JSON of the fields that did not parse and the shape of each; null when all did.",
        nullable=True,
        sensitive="shape",
    ),
)
KEY_ID = Column("key_id", "string", "Which pseudonym key was used.")
INGEST_DATE = Column("ingest_date", "date", "Run date that read the row.")
