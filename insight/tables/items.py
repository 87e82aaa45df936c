"""What is known of items, and since when."""

from insight.tables.table import Column, Table

ITEMS = Table(
    name="items",
    grain="one row per item and the date its description became known",
    owner="data engineering",
    columns=(
        Column("item_id", "string", "Item."),
        Column("title", "string", "Name or description.", nullable=True),
        Column("category", "string", "Category.", nullable=True),
        Column("brand", "string", "Brand.", nullable=True),
        Column("known_from", "date", "Run date the description became known."),
    ),
    key=("item_id", "known_from"),
    partition_by=("known_from",),
)
