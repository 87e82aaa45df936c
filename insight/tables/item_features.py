"""An item as known at the end of a day."""

from insight.tables.feature import feature, feature_or_null
from insight.tables.table import Column, Table

_MONTH = "30 days"
_CURRENCY = "shop's currency"
_LISTED = "newest description"


ITEM_FEATURES = Table(
    name="item_features",
    grain="one row per item and feature date",
    owner="data science",
    columns=(
        Column("item_id", "string", "Item."),
        feature("category", "string", "name", _LISTED, "Category; 'unknown' without one."),
        feature_or_null("brand", "string", "name", _LISTED, "Brand."),
        feature("purchases_7d", "bigint", "events", "7 days", "Purchased lines."),
        feature("purchases_30d", "bigint", "events", _MONTH, "Purchased lines."),
        feature("views_30d", "bigint", "events", _MONTH, "Views."),
        feature("carts_30d", "bigint", "events", _MONTH, "Times put in the cart."),
        feature("returns_30d", "bigint", "events", _MONTH, "Returned lines."),
        feature("units_30d", "double", "units", _MONTH, "Units purchased."),
        feature("amount_30d", "double", _CURRENCY, _MONTH, "Purchased."),
        feature(
            "popularity_rank_30d",
            "bigint",
            "rank",
            _MONTH,
            "1 for the item with the most interactions; ties by item_id.",
        ),
        feature(
            "trend_30d",
            "double",
            "logarithm of a ratio",
            _MONTH,
            "Mean daily interactions (views, carts, purchases) of the last 7 days over those of "
            "the 23 days before, one added to each, after a rolling median.",
        ),
        feature_or_null(
            "price",
            "double",
            _CURRENCY,
            _MONTH,
            "List price, else the mean price sold at in the window.",
        ),
        feature_or_null(
            "price_position",
            "double",
            "share, 0 to 1",
            _MONTH,
            "Share of the category's priced items that are cheaper; null without a price.",
        ),
        feature_or_null(
            "stock_units", "double", "units", _LISTED, "Units in stock when last counted."
        ),
        Column("feature_date", "date", "Everything up to the end of this day, nothing later."),
    ),
    key=("item_id", "feature_date"),
    partition_by=("feature_date",),
)
