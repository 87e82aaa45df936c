import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from insight.errors import NotFiniteError
from insight.training.group import SoloGroup
from insight.training.regression import (
    Labelled,
    Problem,
    Solution,
    fit_logistic_regressions,
)


def _rows(count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    features = random.normal(size=(count, 3)).astype(np.float32)
    # Two features that nearly say the same, where gradient descent crawls.
    features[:, 1] = features[:, 0] + 0.05 * features[:, 1]
    chances = 1 / (1 + np.exp(-(2 * features[:, 0] - features[:, 2] - 1)))
    labels = (random.random(count) < chances).astype(np.float32)
    return features, labels, (random.random(count) < 0.8).astype(np.float32)


def _fit(*blocks: tuple[np.ndarray, np.ndarray, np.ndarray], group=None) -> Solution:
    rows = [{"purchase": Labelled(*block)} for block in blocks]
    group = group or SoloGroup()
    (found,) = fit_logistic_regressions(rows, [Problem("purchase", 1.0)], {"purchase": 3}, group)
    return found


def test_the_solution_is_scikit_learns():
    features, labels, masks = _rows()
    coefficients, intercept = _fit((features, labels, masks))
    kept = masks > 0
    other = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(
        features[kept].astype(np.float64), labels[kept]
    )
    np.testing.assert_allclose(coefficients, other.coef_[0], atol=1e-4)
    np.testing.assert_allclose(intercept, other.intercept_[0], atol=1e-4)


@dataclass
class _Recording(SoloGroup):
    """A group of one whose sums are written down."""

    asked: list[np.ndarray] = field(default_factory=list)

    def total(self, values):
        self.asked.append(values)
        return values


def test_two_ranks_take_the_first_step_of_one_rank_with_all_rows():
    features, labels, masks = _rows()
    whole, first, second = _Recording(), _Recording(), _Recording()
    _fit((features, labels, masks), group=whole)
    _fit((features[:100], labels[:100], masks[:100]), group=first)
    _fit((features[100:], labels[100:], masks[100:]), group=second)
    np.testing.assert_allclose(first.asked[0] + second.asked[0], whole.asked[0], rtol=1e-9)


def test_without_labels_there_is_no_regression():
    features, labels, _ = _rows(10)
    nobody = np.zeros(10)
    coefficients, intercept = _fit((features, labels, nobody))
    np.testing.assert_array_equal(coefficients, 0.0)
    assert intercept == 0.0


def test_a_feature_that_is_not_finite_fails_closed():
    features, labels, masks = _rows(10)
    features[:, 1] = np.inf
    with pytest.raises(NotFiniteError, match="not finite"):
        _fit((features, labels, masks + 1))


def test_blocks_of_rows_give_the_solution_of_all_rows_at_once():
    rows = _rows()
    cuts = [0, 7, 7, 250, 400]
    blocks = [tuple(array[a:b] for array in rows) for a, b in itertools.pairwise(cuts)]
    found, whole = _fit(*blocks), _fit(rows)
    np.testing.assert_allclose(found.coefficients, whole.coefficients, rtol=0, atol=1e-9)
    assert found.intercept == pytest.approx(whole.intercept, abs=1e-9)


def test_problems_of_several_tasks_are_solved_in_the_passes_of_the_slowest():
    features, labels, masks = _rows()
    context = np.hstack([features, labels[:, None]])
    tasks = {
        "purchase": Labelled(features, labels, masks),
        "campaign": Labelled(context, 1 - labels, 1 - masks),
    }
    problems = [Problem(task, ridge) for task in tasks for ridge in (1.0, 1000.0)]
    widths = {"purchase": 3, "campaign": 4}

    def passes(asked):
        group = _Recording()
        return fit_logistic_regressions([tasks], asked, widths, group), len(group.asked)

    alone = [passes([problem]) for problem in problems]
    together, count = passes(problems)
    assert count == max(needed for _, needed in alone)
    for (solution,), found in zip((each for each, _ in alone), together, strict=True):
        np.testing.assert_array_equal(found.coefficients, solution.coefficients)
