"""Items as they came."""

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
        Column("stock_units", "double", "Units in stock.", nullable=True),
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
        Column("ingest_date", "date", "Run date that read the row."),
    ),
    key=(),
    partition_by=("ingest_date",),
)
