"""What is known of customers, and since when."""

from insight.tables.table import Column, Table

CUSTOMERS = Table(
    name="customers",
    grain="one row per customer and the date its description became known",
    owner="data engineering",
    columns=(
        Column("customer_id", "string", "Pseudonym."),
        Column("age_band", "string", "Age band.", nullable=True),
        Column("income_band", "string", "Income band.", nullable=True),
        Column("household_size", "string", "People in the household.", nullable=True),
        Column("country", "string", "Country.", nullable=True),
        Column("known_from", "date", "Run date the description became known."),
    ),
    key=("customer_id", "known_from"),
    partition_by=("known_from",),
)
