"""An item's features: what sold and was looked at in the last 30 days."""

from datetime import timedelta

from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.snapshots.items import per_item_features
from insight.tables import ITEM_FEATURES
from tests.frames import DAY, frame, item_days, items


def test_every_feature_of_an_item_over_half_open_windows(spark: SparkSession) -> None:
    def sold(days_ago: int, count: int) -> dict[str, object]:
        return {
            "event_date": DAY - timedelta(days=days_ago),
            "purchase_count": count,
            "units": count + 0.1,
            "amount_cents": 100 * count,
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
    known = items(spark, ("tea", "drinks"), ("cup", None))
    actual = per_item_features(daily, known, as_of=DAY)
    cup = {
        "category": "unknown",
        "purchases_7d": 0,
        "purchases_30d": 0,
        "views_30d": 45,
        "units_30d": 0.0,
        "amount_cents_30d": 0,
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
        "amount_cents_30d": 1500,
        "feature_date": DAY,
    }
    expected = frame(
        spark,
        ITEM_FEATURES,
        # All three were met 45 times: the tie is broken by the item's name.
        {**cup, "item_id": "air", "views_30d": 0, "popularity_rank_30d": 1},
        {**cup, "item_id": "cup", "popularity_rank_30d": 2},
        {**tea, "popularity_rank_30d": 3},
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)
