"""Items as they came."""

from insight.tables.delivery import ABSENT_IS_REMOVED, CURRENCY, FROM_FILE, INGEST_DATE
from insight.tables.table import Column, Table

RAW_ITEMS = Table(
    name="raw_items",
    grain="one row per item as delivered",
    owner="data engineering",
    columns=(
        Column("item_id", "string", "Item as the shop names it.", nullable=True),
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
        *FROM_FILE,
        ABSENT_IS_REMOVED,
        INGEST_DATE,
    ),
    key=(),
    partition_by=("ingest_date",),
)
