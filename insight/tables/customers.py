"""What is known of customers, and since when."""

from insight.tables.table import Column, Table

CUSTOMERS = Table(
    name="customers",
    grain="one row per customer, the date its description became known and the night that read it",
    owner="data engineering",
    columns=(
        Column("customer_id", "string", "Pseudonym.", sensitive="pseudonym"),
        Column("age_band", "string", "Age band.", nullable=True),
        Column("income_band", "string", "Income band.", nullable=True),
        Column("household_size", "string", "People in the household.", nullable=True),
        Column("gender", "string", "Gender as the shop names it.", nullable=True),
        Column("country", "string", "Country.", nullable=True),
        Column("region", "string", "Region, state or city.", nullable=True),
        Column("known_from", "date", "Date of the delivery that brought the description."),
        Column("ingest_date", "date", "Run date that read it."),
    ),
    key=("customer_id", "known_from", "ingest_date"),
    partition_by=("ingest_date",),
)
