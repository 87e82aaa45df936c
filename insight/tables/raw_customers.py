"""Customers as they came, already pseudonymous."""

from insight.tables.delivery import ABSENT_IS_REMOVED, FROM_FILE, INGEST_DATE, KEY_ID
from insight.tables.table import Column, Table

RAW_CUSTOMERS = Table(
    name="raw_customers",
    grain="one row per customer as delivered",
    owner="data engineering",
    columns=(
        Column(
            "customer_id",
            "string",
            "Pseudonym (HMAC-SHA256, 128 bits in hex).",
            nullable=True,
            sensitive="pseudonym",
        ),
        Column("age_band", "string", "Age band.", nullable=True),
        Column("income_band", "string", "Income band.", nullable=True),
        Column("household_size", "string", "People in the household.", nullable=True),
        Column("gender", "string", "Gender as the shop names it.", nullable=True),
        Column("country", "string", "Country.", nullable=True),
        Column("region", "string", "Region, state or city.", nullable=True),
        *FROM_FILE,
        ABSENT_IS_REMOVED,
        KEY_ID,
        INGEST_DATE,
    ),
    key=(),
    partition_by=("ingest_date",),
)
