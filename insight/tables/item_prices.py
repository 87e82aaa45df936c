"""Prices of items per delivery: the past that a new delivery's prices are compared with."""

from insight.tables.table import Check, Column, Table

ITEM_PRICES = Table(
    name="item_prices",
    grain="one row per item, delivery, and night that read some of its sales",
    owner="data engineering",
    columns=(
        Column("item_id", "string", "Item."),
        Column("category", "string", "The item's category as described by then.", nullable=True),
        Column("sale_count", "bigint", "Sound lines with a price above 0, as they came."),
        Column(
            "price_median",
            "double",
            "Median price of one unit in these lines, in the shop's currency.",
        ),
        Column("file_date", "date", "Date of the delivery."),
        Column("ingest_date", "date", "Run date that read the lines."),
    ),
    key=("item_id", "file_date", "ingest_date"),
    partition_by=("ingest_date",),
    checks=(Check("price_positive", "price_median > 0"), Check("has_sales", "sale_count > 0")),
)
