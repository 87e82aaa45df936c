"""Metrics and comparisons of contenders on one set of rows."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from insight.promotion.contenders import Contender, TestLabels
from insight.promotion.gate import Demand
from insight.promotion.measurements import Ring

ROWS = 200
RANDOM = np.random.default_rng(4)
PURCHASE = (RANDOM.random(ROWS) < 0.4).astype(np.float64)
LABELLED = np.arange(ROWS) % 4 > 0


def labels(churn: np.ndarray | None = None) -> TestLabels:
    return TestLabels(
        customers=np.arange(ROWS),
        happened={"purchase": PURCHASE, "churn": np.zeros(ROWS) if churn is None else churn},
        labelled={
            "purchase": LABELLED,
            "churn": np.ones(ROWS, dtype=bool),
            "next_item": np.ones(ROWS, dtype=bool),
        },
    )


RING = Ring(labels(), rounds=100, seed=9)
# The good contender is right with little noise, the poor one with much.
GOOD = Contender("challenger", "3", {"purchase": 0.25 + 0.5 * PURCHASE}, np.full(ROWS, 2.0))
POOR = Contender("recency_rule", "baseline", {"purchase": RANDOM.random(ROWS)}, np.full(ROWS, 9.0))


def test_metrics_are_those_of_the_labelled_rows() -> None:
    found = {m.metric: m for m in RING.measure(POOR) if m.task == "purchase"}
    said = POOR.probabilities["purchase"]
    assert found["auc"].estimate.value == pytest.approx(
        roc_auc_score(PURCHASE[LABELLED], said[LABELLED])
    )
    assert found["auc"].row_count == 150
    assert len(found) == 11
    for each in found.values():
        # Resampling makes bins noisier, so a small calibration error only grows with it.
        assert each.estimate.low <= each.estimate.value or each.metric == "ece"
        assert each.estimate.value <= each.estimate.high


def test_the_bootstrap_measures_what_scikit_learn_does() -> None:
    statistics, everyone = RING.statistics(POOR, "purchase"), np.ones((1, 150))
    for each in RING.measure(POOR):
        if each.task == "purchase":
            assert statistics[each.metric](everyone)[0] == pytest.approx(each.estimate.value)


def test_certain_and_wrong_has_a_finite_log_loss() -> None:
    wrong = Contender("challenger", "1", {"purchase": 1.0 - PURCHASE})
    found = {m.metric: m.estimate for m in RING.measure(wrong)}
    assert found["log_loss"].value == pytest.approx(-np.log(np.finfo(np.float64).eps), rel=0.01)
    assert found["log_loss"].low <= found["log_loss"].value <= found["log_loss"].high


def test_a_task_of_one_class_is_left_out_and_said_so() -> None:
    assert RING.tasks() == ["purchase", "next_item"]
    assert RING.unjudged() == {"churn": "churn has one class only among 200 test rows"}
    assert RING.compare(GOOD, POOR, "auc", "churn", Demand.BEAT) is None
    assert {m.task for m in RING.measure(GOOD)} == {"purchase", "next_item"}


def test_a_task_without_rows_is_left_out() -> None:
    nothing = TestLabels(np.arange(2), {}, {"next_item": np.zeros(2, dtype=bool)})
    assert Ring(nothing, 20, 1).unjudged() == {"next_item": "next_item has no labelled test rows"}


def test_a_contender_without_an_opinion_is_not_compared() -> None:
    only_ranks = Contender("recent_popularity_7d", "baseline", ranks=np.ones(ROWS))
    assert RING.compare(GOOD, only_ranks, "auc", "purchase", Demand.BEAT) is None
    assert {m.task for m in RING.measure(only_ranks)} == {"next_item"}


@pytest.mark.parametrize("metric", ["auc", "log_loss"])
def test_a_gain_is_positive_whichever_way_the_metric_points(metric: str) -> None:
    found = RING.compare(GOOD, POOR, metric, "purchase", Demand.BEAT)
    assert found is not None
    assert found.gain.low > 0
    back = RING.compare(POOR, GOOD, metric, "purchase", Demand.BEAT)
    assert back is not None
    assert back.gain.value == pytest.approx(-found.gain.value)


def test_ranks_are_compared_by_their_gain() -> None:
    found = RING.compare(GOOD, POOR, "ndcg10", "next_item", Demand.BEAT)
    assert found is not None
    assert found.rival_value == pytest.approx(1 / np.log2(10))
    assert found.gain.value == pytest.approx(1 / np.log2(3) - 1 / np.log2(10))


def test_lists_are_measured_on_their_rows_and_compared_with_nobody() -> None:
    # Every fourth row is another customer who is shown item 3 as well.
    lists = np.tile([2, 0], (ROWS, 1))
    lists[::4, 1] = 3
    shown = Contender("challenger", "3", ranks=np.full(ROWS, 2.0), lists=lists)
    ring = Ring(labels(), rounds=100, seed=9, bits=np.array([0.0, 0.0, 1.0, 6.0, 7.0]))
    found = {m.metric: m.estimate for m in ring.measure(shown)}
    assert found["coverage10"].value == pytest.approx(2 / 3)
    assert found["coverage10"].low == found["coverage10"].high == found["coverage10"].value
    # 200 items of one bit and 50 of six.
    assert found["novelty10"].value == pytest.approx((200 + 50 * 6) / 250)
    assert found["novelty10"].low < found["novelty10"].value < found["novelty10"].high
    assert ring.compare(shown, POOR, "novelty10", "next_item", Demand.HOLD) is None
    assert "novelty10" not in {m.metric for m in RING.measure(shown)}
