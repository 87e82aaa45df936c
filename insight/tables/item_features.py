"""An item as known at the end of a day."""

from insight.tables.table import Column, Table

ITEM_FEATURES = Table(
    name="item_features",
    grain="one row per item and feature date",
    owner="data science",
    columns=(
        Column("item_id", "string", "Item."),
        Column("category", "string", "Category; 'unknown' where there is none."),
        Column("brand", "string", "Brand.", nullable=True),
        Column("purchases_7d", "bigint", "Purchased lines in the last 7 days."),
        Column("purchases_30d", "bigint", "Purchased lines in the last 30 days."),
        Column("views_30d", "bigint", "Views in the last 30 days."),
        Column("carts_30d", "bigint", "Times put in the cart in the last 30 days."),
        Column("returns_30d", "bigint", "Returned lines in the last 30 days."),
        Column("units_30d", "double", "Units purchased in the last 30 days."),
        Column(
            "amount_cents_30d",
            "bigint",
            "Purchased in the last 30 days, in hundredths of the currency.",
        ),
        Column(
            "popularity_rank_30d",
            "bigint",
            "1 for the item with the most interactions in the last 30 days; ties by item_id.",
        ),
        Column(
            "trend_30d",
            "double",
            "Logarithm of mean daily interactions (views, carts, purchases) in the last 7 days "
            "over those of the 23 days before, one added to each, after a rolling median.",
        ),
        Column(
            "price",
            "double",
            "List price, else the mean price sold at in the last 30 days, in the currency.",
            nullable=True,
        ),
        Column(
            "price_position",
            "double",
            "Share of the category's priced items that are cheaper, 0 to 1; null without a price.",
            nullable=True,
        ),
        Column("stock_units", "double", "Units in stock when last counted.", nullable=True),
        Column("feature_date", "date", "Everything up to the end of this day, nothing later."),
    ),
    key=("item_id", "feature_date"),
    partition_by=("feature_date",),
)
