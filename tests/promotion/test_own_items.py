"""A customer's own items by frequency, then by how lately they were touched."""

import pytest
from pyspark.sql import SparkSession

from insight.local_frames import local_frame
from insight.promotion.own_items import with_own_item_ranks

PADDING, UNKNOWN = 0, 1


@pytest.mark.parametrize(
    ("next_item", "rank"),
    [
        pytest.param(5, 1.0, id="twice, and last"),
        pytest.param(7, 2.0, id="twice, but longer ago"),
        pytest.param(6, 3.0, id="once, and lately"),
        pytest.param(4, 4.0, id="once, long ago"),
        pytest.param(9, None, id="never"),
        pytest.param(UNKNOWN, None, id="the unknown item is nobody's"),
        pytest.param(PADDING, None, id="no next item"),
    ],
)
def test_own_items_are_ranked_by_frequency_then_recency(
    spark: SparkSession, next_item: int, rank: float | None
) -> None:
    sequence = [PADDING, PADDING, 4, 7, 7, UNKNOWN, UNKNOWN, UNKNOWN, 5, 6, 5]
    examples = local_frame(
        spark, [(sequence, next_item)], "item_indices array<bigint>, next_item bigint"
    )
    row = with_own_item_ranks(examples).first()
    assert row is not None
    assert row["own_items"] == rank
    assert set(row.asDict()) == {"item_indices", "next_item", "own_items"}
