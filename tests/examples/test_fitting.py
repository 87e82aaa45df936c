"""Vocabulary and scales are fitted on the training window only."""

import math
from datetime import date, timedelta

import pyarrow as pa
import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.encoding.features import FEATURES, NULLABLE
from insight.examples.vocabulary import fit_feature_statistics, per_item_index
from insight.local_frames import local_frame
from insight.tables import CUSTOMER_FEATURES
from tests.frames import DAY, frame, item_days, items

ALWAYS = {
    column.name: 0.0 if column.type == "double" else 0
    for column in CUSTOMER_FEATURES.columns
    if column.name in FEATURES and not column.nullable
}


def test_items_are_numbered_by_falling_count_and_rare_and_later_ones_are_left_out(
    spark: SparkSession,
) -> None:
    def seen(item: str, count: int, day: date = DAY) -> dict[str, object]:
        return {"item_id": item, "event_date": day, "view_count": count}

    daily = item_days(
        spark,
        {**seen("tea", 1), "cart_count": 1, "purchase_count": 1, "return_count": 5},
        seen("cup", 3),
        seen("pot", 4, DAY - timedelta(days=400)),
        seen("rare", 2),
        seen("rare", 9, DAY + timedelta(days=1)),
    )
    known = items(spark, ("tea", "drinks"), ("cup", None), ("rare", "china"))
    actual = per_item_index(daily, known, until=DAY, min_events=3)
    expected = local_frame(
        spark,
        [
            ("pot", 2, "unknown", 3, 4),
            ("cup", 3, "unknown", 3, 3),
            ("tea", 4, "drinks", 2, 3),
        ],
        "item_id string, item_index bigint, category string, category_index bigint, "
        "event_count bigint",
    )
    assert_df_equality(actual, expected, ignore_row_order=True, ignore_nullable=True)


def test_scales_leave_out_what_is_missing_and_are_never_zero(spark: SparkSession) -> None:
    rows = [
        {"orders_7d": 0, "discount_share_90d": 0.2, "days_since_last_order": None},
        {"orders_7d": 3, "discount_share_90d": 0.6, "days_since_last_order": 7},
        {"orders_7d": 3, "discount_share_90d": None, "days_since_last_order": None},
    ]
    full = [
        {"customer_id": str(n), "feature_date": DAY, **ALWAYS, **row} for n, row in enumerate(rows)
    ]
    fitted = fit_feature_statistics(frame(spark, CUSTOMER_FEATURES, *full), scaling="standard")
    measured = dict(zip(fitted.names, zip(fitted.mean, fitted.scale, strict=True), strict=True))
    assert fitted.names == FEATURES
    # Logarithms of 1, 4 and 4: their mean and their standard deviation.
    assert measured["orders_7d"] == pytest.approx(
        (2 * math.log(4) / 3, math.sqrt(2) * math.log(4) / 3), rel=1e-8
    )
    assert measured["discount_share_90d"] == pytest.approx((0.4, 0.2), rel=1e-8)
    assert measured["days_since_last_order"] == pytest.approx((math.log(8), 1.0), rel=1e-8)
    # Nobody has a mean order, and everybody the same views.
    assert measured["mean_order_amount_90d"] == (0.0, 1.0)
    assert measured["views_30d"] == (0.0, 1.0)
    assert fitted.has_mask == tuple(name in NULLABLE for name in FEATURES)


def test_scales_do_not_depend_on_the_order_of_rows(spark: SparkSession) -> None:
    rows = [
        {"customer_id": str(n), "feature_date": DAY, **ALWAYS, "discount_share_90d": 0.1 * n / 7}
        for n in range(8)
    ]
    fitted = [
        fit_feature_statistics(
            frame(spark, CUSTOMER_FEATURES, *turned).repartition(parts), scaling="standard"
        )
        for turned, parts in ((rows, 1), (rows[::-1], 4))
    ]
    assert fitted[0] == fitted[1]


def test_scaled_to_zero_and_one_by_what_training_saw_and_no_further(spark: SparkSession) -> None:
    seen = [
        {"customer_id": str(n), "feature_date": DAY, **ALWAYS, "discount_share_90d": share}
        for n, share in enumerate((0.2, 0.6, None))
    ]
    fitted = fit_feature_statistics(frame(spark, CUSTOMER_FEATURES, *seen), scaling="min_max")
    later = {name: [0.0] * 4 for name in FEATURES}
    later["discount_share_90d"] = [0.2, 0.5, 0.9, 0.1]
    place = FEATURES.index("discount_share_90d")
    scaled = fitted.normalise(pa.RecordBatch.from_pydict(later))[:, place]
    assert scaled.tolist() == pytest.approx([0.0, 0.75, 1.0, 0.0])
