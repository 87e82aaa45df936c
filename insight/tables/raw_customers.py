"""Customers as they came, already pseudonymous."""

from insight.tables.table import Column, Table

RAW_CUSTOMERS = Table(
    name="raw_customers",
    grain="one row per customer as delivered",
    owner="data engineering",
    columns=(
        Column("customer_id", "string", "Pseudonym (HMAC-SHA256, 128 bits in hex).", nullable=True),
        Column("age_band", "string", "Age band.", nullable=True),
        Column("income_band", "string", "Income band.", nullable=True),
        Column("household_size", "string", "People in the household.", nullable=True),
        Column("gender", "string", "Gender as the shop names it.", nullable=True),
        Column("country", "string", "Country.", nullable=True),
        Column("region", "string", "Region, state or city.", nullable=True),
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
