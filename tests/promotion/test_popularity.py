"""Popularity knows the days before the cut-off, and not one day more."""

from datetime import date

import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession

from insight.local_frames import local_frame
from insight.promotion.popularity import last_known_date, with_popularity_ranks

DAILY = (
    "item_id string, event_date date, view_count bigint, cart_count bigint, purchase_count bigint"
)
CUTOFF_AT = 1_704_844_800
"""Midnight between the 9th and the 10th of January 2024."""


@pytest.mark.parametrize(
    ("cutoff_at", "day"),
    [
        pytest.param(CUTOFF_AT, date(2024, 1, 9), id="midnight ends the day before"),
        pytest.param(CUTOFF_AT - 1, date(2024, 1, 9), id="the last second of the day"),
        pytest.param(CUTOFF_AT + 1, date(2024, 1, 10), id="a second into the next day"),
    ],
)
def test_the_last_known_date(cutoff_at: int, day: date) -> None:
    assert last_known_date(cutoff_at) == day


def test_items_are_ranked_by_what_happened_in_the_window_before_the_cut_off(
    spark: SparkSession,
) -> None:
    item_daily = local_frame(
        spark,
        [
            ("a", date(2024, 1, 9), 1, 1, 1),
            ("b", date(2024, 1, 3), 4, 0, 0),
            # Too old for the week, and far too new for anyone.
            ("c", date(2024, 1, 2), 9, 0, 0),
            ("a", date(2024, 1, 10), 99, 0, 0),
            # As popular as a, and behind it in the vocabulary.
            ("d", date(2024, 1, 5), 0, 0, 3),
            # Popular, but nobody's candidate.
            ("unlisted", date(2024, 1, 5), 50, 0, 0),
            ("e", date(2024, 1, 5), 0, 0, 0),
        ],
        DAILY,
    )
    listed = [("a", 2), ("b", 3), ("c", 4), ("d", 5), ("e", 6)]
    vocabulary = local_frame(spark, listed, "item_id string, item_index bigint")
    keys = "customer_id string, cutoff_at bigint, next_item bigint"
    targets = local_frame(
        spark, [(f"customer {item}", CUTOFF_AT, item) for item in (0, 1, 2, 3, 4, 5, 6)], keys
    )
    ranks = {2: (2.0, 3.0), 3: (1.0, 2.0), 4: (None, 1.0), 5: (3.0, 4.0)}
    expected = local_frame(
        spark,
        [
            (f"customer {item}", CUTOFF_AT, item, *ranks.get(item, (None, None)))
            for item in (0, 1, 2, 3, 4, 5, 6)
        ],
        f"{keys}, recent_popularity_7d double, recent_popularity_28d double",
    )
    actual = with_popularity_ranks(targets, item_daily, vocabulary, windows=(7, 28))
    assert_df_equality(
        actual, expected, ignore_row_order=True, ignore_column_order=True, ignore_nullable=True
    )


def test_each_cut_off_has_its_own_popularity(spark: SparkSession) -> None:
    item_daily = local_frame(
        spark,
        [("a", date(2024, 1, 9), 5, 0, 0), ("b", date(2024, 1, 10), 9, 0, 0)],
        DAILY,
    )
    vocabulary = local_frame(spark, [("a", 2), ("b", 3)], "item_id string, item_index bigint")
    later = CUTOFF_AT + 86_400
    targets = local_frame(
        spark,
        [("x", CUTOFF_AT, 2), ("x", later, 2)],
        "customer_id string, cutoff_at bigint, next_item bigint",
    )
    ranked = with_popularity_ranks(targets, item_daily, vocabulary, windows=(7,)).collect()
    assert {(row["cutoff_at"], row["recent_popularity_7d"]) for row in ranked} == {
        (CUTOFF_AT, 1.0),
        (later, 2.0),
    }
