"""An item's features: what sold and was looked at in the last 30 days."""

from datetime import timedelta
from decimal import Decimal
from math import log1p

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.snapshots.items import per_item_features
from insight.tables import ITEM_FEATURES, ITEMS
from tests.frames import DAY, frame, item_days


def test_every_feature_of_an_item_over_half_open_windows(spark: SparkSession) -> None:
    def sold(days_ago: int, count: int) -> dict[str, object]:
        return {
            "event_date": DAY - timedelta(days=days_ago),
            "purchase_count": count,
            "unit_thousandths": 1000 * count + 100,
            "amount": Decimal(count),
            "view_count": 2 * count,
        }

    daily = item_days(
        spark,
        sold(0, 1),
        sold(6, 2),
        sold(7, 4),
        sold(29, 8),
        sold(30, 1000),
        sold(-1, 1000),
        {"item_id": "cup", "event_date": DAY, "view_count": 45},
        {"item_id": "air", "event_date": DAY, "cart_count": 45},
        {"item_id": "old", "event_date": DAY - timedelta(days=30), "view_count": 1},
    )
    described = {"category": "drinks", "price": 2.5, "stock_units": 7.0, "brand": "leaf"}
    known = frame(
        spark,
        ITEMS,
        {"item_id": "tea", "known_from": DAY, "ingest_date": DAY, **described},
        {"item_id": "cup", "known_from": DAY, "ingest_date": DAY},
    )
    actual = per_item_features(daily, known, as_of=DAY, smoothing_days=1)
    cup = {
        "category": "unknown",
        "purchases_7d": 0,
        "purchases_30d": 0,
        "views_30d": 45,
        "units_30d": 0.0,
        "amount_30d": 0.0,
        "carts_30d": 0,
        "returns_30d": 0,
        # 45 in the last week, nothing before.
        "trend_30d": round(log1p(45 / 7), 9),
        "feature_date": DAY,
    }
    tea = {
        "item_id": "tea",
        "category": "drinks",
        "purchases_7d": 3,
        "purchases_30d": 15,
        "views_30d": 30,
        # 1.1 + 2.1 + 4.1 + 8.1, to the thousandth.
        "units_30d": 15.4,
        "amount_30d": 15.0,
        "carts_30d": 0,
        "returns_30d": 0,
        "trend_30d": round(log1p(9 / 7) - log1p(36 / 23), 9),
        "brand": "leaf",
        "price": 2.5,
        "price_position": 0.0,
        "stock_units": 7.0,
        "feature_date": DAY,
    }
    expected = frame(
        spark,
        ITEM_FEATURES,
        # All three were met 45 times: the tie is broken by the item's name.
        {**cup, "item_id": "air", "views_30d": 0, "carts_30d": 45, "popularity_rank_30d": 1},
        {**cup, "item_id": "cup", "popularity_rank_30d": 2},
        {**tea, "popularity_rank_30d": 3},
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_an_items_place_among_the_prices_of_its_category(spark: SparkSession) -> None:
    sold = {"event_date": DAY, "purchase_count": 1, "unit_thousandths": 2000}
    daily = item_days(
        spark,
        {"item_id": "a", "event_date": DAY},
        {"item_id": "b", "event_date": DAY},
        # Not described with a price: what it was sold at, here 1.50.
        {"item_id": "c", **sold, "amount": Decimal(3)},
        {"item_id": "d", "event_date": DAY},
        {"item_id": "e", "event_date": DAY},
    )
    prices = {"a": 1.0, "b": 2.0, "c": None, "d": None, "e": 9.0}
    known = frame(
        spark,
        ITEMS,
        *(
            {
                "item_id": name,
                "category": "other" if name == "e" else "cups",
                "price": price,
                "known_from": DAY,
                "ingest_date": DAY,
            }
            for name, price in prices.items()
        ),
    )
    rows = per_item_features(daily, known, as_of=DAY, smoothing_days=5).collect()
    found = {row["item_id"]: (row["price"], row["price_position"]) for row in rows}
    assert found == {
        "a": (1.0, 0.0),
        "c": (1.5, 0.5),
        "b": (2.0, 1.0),
        "d": (None, None),
        "e": (9.0, 0.0),
    }
