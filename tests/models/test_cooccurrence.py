import numpy as np
import pytest
from scipy import sparse

from insight.models.blend import Blend
from insight.models.cooccurrence import CoOccurrence, PairWeights, count_pairs

PLAIN = PairWeights(
    window=2, decay=0.5, backward=0.0, source_power=0.0, target_power=0.0, recency=0.5
)
"""Neither popularity nor the way back counts."""

SIZE = 7


def _weights(items: list[list[int]], **changes: float) -> np.ndarray:
    pairs = PairWeights(**{**PLAIN.__dict__, **changes})
    return count_pairs(np.array(items), SIZE, pairs).weights.toarray()


def test_pairs_count_by_distance_within_the_window():
    # A sequence of four: each pair weighs 1 / log2(5), half of it at distance two.
    found = _weights([[2, 3, 4, 5]]) * np.log2(5)
    expected = np.zeros((SIZE, SIZE))
    for earlier, later, weight in [
        (2, 3, 1),
        (3, 4, 1),
        (4, 5, 1),
        (2, 4, 0.5),
        (3, 5, 0.5),
    ]:
        expected[earlier, later] = weight
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_way_back_weighs_as_much_as_it_is_given():
    found = _weights([[0, 0, 2, 3]], backward=0.25) * np.log2(3)
    assert (found[2, 3], found[3, 2]) == pytest.approx((1, 0.25))


def test_padding_unknown_and_the_same_item_again_are_no_pairs():
    assert _weights([[0, 1, 2, 2]]).sum() == 0
    assert _weights([[0, 1, 2, 2]], repeats=True)[2, 2] > 0


def test_popular_items_weigh_less_by_a_power_of_their_count():
    # Item 3 is met four times, item 2 once.
    sequences = [[2, 3], [4, 3], [5, 3], [6, 3]]
    plain, damped = _weights(sequences), _weights(sequences, source_power=0.5, target_power=0.5)
    assert damped[2, 3] == pytest.approx(plain[2, 3] / 2)


def test_only_the_strongest_neighbours_are_kept():
    found = _weights([[2, 3, 4, 5]], neighbours=1)
    assert np.count_nonzero(found, axis=1).tolist() == [0, 0, 1, 1, 1, 0, 0]
    assert found[2, 3] > 0


def test_newer_items_have_more_to_say():
    weights = sparse.csr_matrix(([1.0, 2.0], ([2, 3], [4, 5])), shape=(SIZE, SIZE))
    strengths = CoOccurrence(weights, PLAIN).strengths(np.array([[0, 2, 3], [3, 2, 1]]))
    # The unknown item at the end says nothing, but time has passed.
    np.testing.assert_allclose(
        strengths.toarray(), [[0, 0, 0, 0, 0.5, 2, 0], [0, 0, 0, 0, 0.5, 0.5, 0]]
    )


def test_a_blend_adds_what_was_met_together_to_the_logits():
    strengths = sparse.csr_matrix([[0.0, 3.0]])
    blended = Blend(weight=2.0, floor=1.0).logits(np.array([[0.5, 0.5]]), strengths)
    np.testing.assert_allclose(blended, [[0.5, 0.5 + 2 * np.log(4)]])


def test_what_was_counted_survives_the_disk(tmp_path):
    counted = count_pairs(np.array([[2, 3, 4, 5]]), SIZE, PLAIN)
    assert CoOccurrence.load_or_none(tmp_path) is None
    counted.save(tmp_path)
    again = CoOccurrence.load_or_none(tmp_path)
    assert again is not None
    assert again.pairs == PLAIN
    np.testing.assert_array_equal(again.weights.toarray(), counted.weights.toarray())
