"""Ranking metrics against ranks counted by hand and against a sort."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from insight.metrics.ranking import (
    hit_rate_at,
    mrr_at,
    ndcg_at,
    refuse_sample,
    target_ranks,
    top_items,
)

# Indices 0 and 1 are padding and unknown: their high scores must not count.
SCORES = np.array([9.0, 9.0, 0.5, 0.2, 0.9, 0.2], dtype=np.float32)


@pytest.mark.parametrize(
    ("target", "rank"),
    [
        pytest.param(4, 1, id="the best"),
        pytest.param(2, 2, id="the second"),
        pytest.param(3, 4, id="a tie is lost"),
        pytest.param(5, 4, id="whichever item of the tie it is"),
        pytest.param(1, math.inf, id="unknown is missed"),
        pytest.param(0, math.inf, id="padding is missed"),
        pytest.param(6, math.inf, id="outside the catalogue is missed"),
    ],
)
def test_the_rank_counts_items_that_are_not_worse(target: int, rank: float) -> None:
    assert target_ranks(SCORES[None, :], np.array([target])).tolist() == [rank]


def test_a_sample_of_the_items_is_no_catalogue() -> None:
    refuse_sample(np.zeros((3, 12)), catalogue=12)
    with pytest.raises(ValueError, match="scores of 6 item indices; expected all 12"):
        refuse_sample(np.zeros((3, 6)), catalogue=12)


def test_equal_scores_rank_the_truth_last() -> None:
    assert target_ranks(np.zeros((1, 12)), np.array([5])).tolist() == [10]


def test_a_score_that_is_not_a_number_never_helps() -> None:
    broken = np.array([[0, 0, np.nan, 0.3, 0.4], [0, 0, 0.9, np.nan, 0.4]])
    assert target_ranks(broken, np.array([2, 2])).tolist() == [3, 2]


def test_gains_follow_the_formula() -> None:
    ranks = np.array([1, 2, 10, 11, np.inf])
    expected = [1.0, 1 / math.log2(3), 1 / math.log2(11), 0.0, 0.0]
    assert ndcg_at(ranks, 10) == pytest.approx(expected)
    assert hit_rate_at(ranks, 10).tolist() == [1, 1, 1, 0, 0]
    assert mrr_at(ranks, 10).tolist() == [1, 0.5, 0.1, 0, 0]


@given(
    hnp.arrays(np.float64, (4, 9), elements=st.integers(0, 5)),
    hnp.arrays(np.int64, 4, elements=st.integers(2, 8)),
)
def test_the_rank_is_the_place_in_a_sorted_list(scores: np.ndarray, targets: np.ndarray) -> None:
    ranks = target_ranks(scores, targets)
    for row, target, rank in zip(scores, targets, ranks, strict=True):
        # Sorted by falling score, the true item behind its equals.
        ordered = sorted(range(2, 9), key=lambda item: (-row[item], item == target))
        assert ordered.index(target) + 1 == rank


@given(hnp.arrays(np.int64, 6, elements=st.integers(1, 50)), st.integers(1, 30))
def test_better_ranks_never_lower_a_metric(ranks: np.ndarray, k: int) -> None:
    better = np.maximum(ranks - 1, 1)
    for metric in (ndcg_at, hit_rate_at, mrr_at):
        assert (metric(better, k) >= metric(ranks, k)).all()
        assert ((metric(ranks, k) >= 0) & (metric(ranks, k) <= 1)).all()


def test_the_first_items_are_those_of_a_sort_and_ties_go_by_index() -> None:
    others = np.array([0.0, 0.0, 0.1, np.nan, 0.3, 0.3], dtype=np.float32)
    assert top_items(np.stack([SCORES, others]), 2).tolist() == [[2, 4], [4, 5]]
    assert top_items(SCORES[None, :], 3).tolist() == [[2, 3, 4]]
    # A list that is longer than the catalogue ends in padding.
    assert top_items(others[None, :], 6).tolist() == [[2, 3, 4, 5, 0, 0]]


@given(hnp.arrays(np.float32, (3, 9), elements=st.sampled_from([0, 0.25, 0.5, 1])))
def test_the_first_items_are_those_of_a_stable_sort(scores: np.ndarray) -> None:
    order = np.argsort(-scores[:, 2:], axis=1, kind="stable")[:, :4] + 2
    assert top_items(scores, 4).tolist() == np.sort(order, axis=1).tolist()
