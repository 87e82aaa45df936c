"""What is known of items, and since when."""

from insight.tables.delivery import CURRENCY
from insight.tables.table import Column, Table

ITEMS = Table(
    name="items",
    grain="one row per item, the date its description became known and the night that read it",
    owner="data engineering",
    columns=(
        Column("item_id", "string", "Item."),
        Column("title", "string", "Name or description.", nullable=True),
        Column("category", "string", "Category.", nullable=True),
        Column("brand", "string", "Brand.", nullable=True),
        Column("description", "string", "Text about the item.", nullable=True),
        Column("price", "double", "List price, in the shop's currency.", nullable=True),
        CURRENCY,
        Column("stock_units", "double", "Units in stock.", nullable=True),
        Column(
            "image_vector", "array<float>", "Its picture, as the shop encodes it.", nullable=True
        ),
        Column("known_from", "date", "Date of the delivery that brought the description."),
        Column("ingest_date", "date", "Run date that read it."),
    ),
    key=("item_id", "known_from", "ingest_date"),
    partition_by=("ingest_date",),
)
