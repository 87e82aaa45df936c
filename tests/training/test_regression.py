from dataclasses import dataclass, field

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from insight.errors import NotFiniteError
from insight.training.group import SoloGroup
from insight.training.regression import fit_logistic_regression


def _rows(count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    features = random.normal(size=(count, 3)).astype(np.float32)
    # Two features that nearly say the same, where gradient descent crawls.
    features[:, 1] = features[:, 0] + 0.05 * features[:, 1]
    chances = 1 / (1 + np.exp(-(2 * features[:, 0] - features[:, 2] - 1)))
    labels = (random.random(count) < chances).astype(np.float32)
    return features, labels, (random.random(count) < 0.8).astype(np.float32)


def test_the_solution_is_scikit_learns():
    features, labels, masks = _rows()
    coefficients, intercept = fit_logistic_regression(features, labels, masks, SoloGroup(), 1.0)
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
    fit_logistic_regression(features, labels, masks, whole, 1.0)
    fit_logistic_regression(features[:100], labels[:100], masks[:100], first, 1.0)
    fit_logistic_regression(features[100:], labels[100:], masks[100:], second, 1.0)
    np.testing.assert_allclose(first.asked[0] + second.asked[0], whole.asked[0], rtol=1e-9)


def test_without_labels_there_is_no_regression():
    features, labels, _ = _rows(10)
    nobody = np.zeros(10)
    coefficients, intercept = fit_logistic_regression(features, labels, nobody, SoloGroup(), 1.0)
    np.testing.assert_array_equal(coefficients, 0.0)
    assert intercept == 0.0


def test_a_feature_that_is_not_finite_fails_closed():
    features, labels, masks = _rows(10)
    features[:, 1] = np.inf
    with pytest.raises(NotFiniteError, match="not finite"):
        fit_logistic_regression(features, labels, masks + 1, SoloGroup(), 1.0)
