import numpy as np
import pytest

from insight.local_frames import local_frame
from insight.models.cooccurrence import PairWeights, pair_weights, scaled_pairs
from insight.training.pairs import _fetched, count_pairs_of, neighbours_for, per_pair
from tests.training.examples import ITEMS, example_columns

COUNTS = np.array([0, 0, *range(40, 40 - 2 * (ITEMS - 2), -2)])


@pytest.fixture(scope="module")
def examples(spark):
    columns = example_columns(30)
    # Each customer has two cut-offs; the older one's sequence must not count again.
    rows = [
        (f"c{row // 2}", int(row % 2), items.tolist())
        for row, items in enumerate(columns["item_indices"])
    ]
    schema = "customer_id string, cutoff_at bigint, item_indices array<bigint>"
    return local_frame(spark, rows, schema), columns["item_indices"][1::2]


@pytest.mark.parametrize("neighbours", [3, 200])
def test_spark_counts_what_memory_counts_of_each_customers_newest_sequence(examples, neighbours):
    frame, newest = examples
    pairs = PairWeights(neighbours=neighbours)
    found = count_pairs_of(frame, COUNTS, pairs)
    expected = scaled_pairs(pair_weights(newest, pairs), COUNTS, pairs)
    assert found.weights.nnz > 0
    np.testing.assert_allclose(found.weights.toarray(), expected.weights.toarray(), atol=1e-5)


def test_without_pairs_nothing_is_counted(spark):
    schema = "customer_id string, cutoff_at bigint, item_indices array<bigint>"
    alone = local_frame(spark, [("c", 1, [0, 0, 3])], schema)
    assert count_pairs_of(alone, COUNTS, PairWeights()).weights.nnz == 0


def test_pairs_of_all_items_together_are_limited():
    assert neighbours_for(100, most=200) == 200
    assert neighbours_for(100_000, most=200) == 200
    assert neighbours_for(225_000, most=200) == 88
    assert neighbours_for(10**8, most=200) == 1


def test_pairs_come_in_parts_however_many_partitions_they_lie_in(examples):
    frame, newest = examples
    expected = pair_weights(newest, PairWeights())
    found = _fetched(per_pair(frame.where("cutoff_at = 1"), PairWeights()).repartition(5))
    order = np.lexsort((found.neighbours, found.items))
    np.testing.assert_array_equal(found.items[order], expected.items)
    np.testing.assert_array_equal(found.neighbours[order], expected.neighbours)
    np.testing.assert_allclose(found.weights[order], expected.weights, atol=1e-6)
