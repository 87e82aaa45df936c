"""Coverage and novelty of lists, by hand."""

import numpy as np
import pytest

from insight.metrics.lists import coverage_of, novelty_of, self_information

# Of 16 events, item 2 has 8, item 3 has 4, items 4 and 5 have 2 each.
BITS = self_information(np.array([0, 0, 8, 4, 2, 2]))
ONCE = np.ones((1, 2))


def test_half_as_popular_is_one_bit_more() -> None:
    assert BITS.tolist() == [0, 0, 1, 2, 3, 3]


def test_novelty_is_the_mean_over_items_shown() -> None:
    lists = np.array([[2, 3], [2, 5]])
    assert novelty_of(lists, BITS)(ONCE).tolist() == [(1 + 2 + 1 + 3) / 4]


def test_what_is_no_item_of_tonight_counts_for_nothing() -> None:
    lists = np.array([[2, 0], [1, 5]])
    assert novelty_of(lists, BITS)(ONCE).tolist() == [(1 + 3) / 2]
    assert coverage_of(lists, 4)(ONCE).tolist() == [0.5]
    assert novelty_of(np.zeros((2, 2), int), BITS)(ONCE).tolist() == [0]


def test_a_draw_weighs_a_list_by_how_often_it_was_drawn() -> None:
    lists = np.array([[2, 3], [2, 5]])
    twice_the_first, only_the_second = [2.0, 0.0], [0.0, 1.0]
    rounds = np.array([twice_the_first, only_the_second])
    assert novelty_of(lists, BITS)(rounds).tolist() == [1.5, 2.0]
    # Three of the four items are in some list, whoever was drawn.
    assert coverage_of(lists, 4)(rounds) == pytest.approx([0.75, 0.75])
