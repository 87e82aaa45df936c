"""Classification metrics against pairs and cells counted by hand."""

import math

import numpy as np
import pytest

from insight.errors import EmptyInputError
from insight.metrics.classification import classification_metrics, has_both_classes

LABELS = np.array([1.0, 0.0, 1.0, 0.0])
CHANCES = np.array([0.9, 0.6, 0.4, 0.1], dtype=np.float32)


def test_metrics_as_counted_by_hand() -> None:
    found = classification_metrics(LABELS, CHANCES)
    # Pairs (positive, negative) in order: .9>.6, .9>.1, .4>.1; not .4>.6.
    assert found["auc"] == pytest.approx(3 / 4)
    # Precision where each positive is found: 1/1 at the first, 2/3 at the third.
    assert found["pr_auc"] == pytest.approx((1 + 2 / 3) / 2)
    losses = [-math.log(0.9), -math.log(0.4), -math.log(0.4), -math.log(0.9)]
    assert found["log_loss"] == pytest.approx(sum(losses) / 4, rel=1e-6)
    assert found["brier"] == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4, rel=1e-6)
    # Predicted yes: the first two, one of them rightly.
    for name in ("accuracy", "precision", "recall", "f1"):
        assert found[name] == pytest.approx(0.5)


def test_the_threshold_is_a_yes() -> None:
    found = classification_metrics(LABELS, CHANCES, threshold=float(CHANCES[2]))
    assert found["recall"] == 1.0
    assert found["precision"] == pytest.approx(2 / 3)


def test_predicting_nobody_has_no_precision() -> None:
    assert classification_metrics(LABELS, CHANCES, threshold=0.99)["precision"] == 0.0


@pytest.mark.parametrize("labels", [np.ones(3), np.zeros(3), np.array([])])
def test_one_class_is_refused(labels: np.ndarray) -> None:
    assert not has_both_classes(labels)
    with pytest.raises(EmptyInputError, match="both classes"):
        classification_metrics(labels, np.full(len(labels), 0.5))
