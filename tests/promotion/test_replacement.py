"""The challenger beside the champion: tasks compared, heads lost and gained, levels."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from insight.errors import UnknownMetricError
from insight.promotion.contenders import Contender, TestLabels
from insight.promotion.gate import Demand
from insight.promotion.judging import GATE_METRICS, compare_with_champion
from insight.promotion.measurements import Ring
from insight.promotion.replacement import attempt_level
from insight.promotion.task_metrics import LOWER_IS_BETTER, METRICS
from insight.settings import PromotionSettings

ROWS = 300
RANDOM = np.random.default_rng(6)
PURCHASE = (RANDOM.random(ROWS) < 0.4).astype(np.float64)
LABELS = TestLabels(
    customers=np.arange(ROWS),
    happened={
        "purchase": PURCHASE,
        "churn": 1.0 - PURCHASE,
        "campaign": np.zeros(ROWS),
        "next_action": PURCHASE,
    },
    labelled={
        "purchase": np.arange(ROWS) % 4 > 0,
        "churn": np.ones(ROWS, dtype=bool),
        # Nobody was shown a campaign.
        "campaign": np.zeros(ROWS, dtype=bool),
        "next_item": np.ones(ROWS, dtype=bool),
        "next_action": np.ones(ROWS, dtype=bool),
    },
)
RING = Ring(LABELS, rounds=100, seed=9)


def model(name: str, noise: float, *tasks: str, ranks: float | None = None) -> Contender:
    """A model that knows what happens, but for some noise."""
    truth = {task: LABELS.happened[task] for task in tasks}
    said = {task: 0.5 * truth[task] + noise * RANDOM.random(ROWS) for task in tasks}
    return Contender(name, name, said, None if ranks is None else np.full(ROWS, ranks))


def test_every_task_that_both_answer_is_compared_on_its_labelled_rows() -> None:
    champion = model("champion", 0.9, "purchase", "churn", ranks=4.0)
    challenger = model("challenger", 0.6, "purchase", "churn", ranks=2.0)
    found = compare_with_champion(RING, challenger, champion)
    gains = {each.task: each for each in found.gains}
    assert set(gains) == {"next_item", "purchase", "churn"}
    rows = LABELS.labelled["purchase"]
    ours, theirs = (
        roc_auc_score(PURCHASE[rows], each.probabilities["purchase"][rows])
        for each in (challenger, champion)
    )
    assert gains["purchase"].value == pytest.approx(ours - theirs)
    assert gains["purchase"].champion_value == pytest.approx(theirs)
    assert 0.005 < gains["purchase"].error < 0.05
    # The same for every customer: no draw differs.
    assert gains["next_item"].value == pytest.approx(1 / np.log2(3) - 1 / np.log2(5))
    assert gains["next_item"].error == pytest.approx(0.0, abs=1e-12)
    assert found.score > 3
    assert (found.lost, found.gained) == ((), ())


def test_a_head_is_lost_even_if_no_row_asks_for_it() -> None:
    champion = model("champion", 0.9, "purchase", "campaign", ranks=4.0)
    challenger = model("challenger", 0.1, "purchase")
    found = compare_with_champion(RING, challenger, champion)
    assert found.lost == ("campaign", "next_item")
    assert [each.task for each in found.gains] == ["purchase"]


def test_a_head_is_gained_and_a_task_that_neither_answers_is_not_compared() -> None:
    champion = model("champion", 0.5, "purchase")
    challenger = model("challenger", 0.5, "purchase", "churn")
    found = compare_with_champion(RING, challenger, champion)
    assert (found.lost, found.gained) == ((), ("churn",))
    assert [each.task for each in found.gains] == ["purchase"]


def test_models_without_a_task_in_common_have_no_gain() -> None:
    found = compare_with_champion(
        RING, model("challenger", 0.5, "churn"), model("champion", 0.5, "purchase")
    )
    assert (found.gains, found.score) == ((), 0.0)
    assert (found.lost, found.gained) == (("purchase",), ("churn",))


def test_equal_models_have_no_gain_and_no_score() -> None:
    same = model("challenger", 0.5, "purchase", "churn", ranks=3.0)
    found = compare_with_champion(RING, same, same)
    assert {each.value for each in found.gains} == {0.0}
    assert found.score == 0.0


@pytest.mark.parametrize(("task", "metric"), [("purchase", "gini"), ("returns", "auc")])
def test_a_metric_that_nobody_computes_is_an_error_and_no_silence(task: str, metric: str) -> None:
    one = model("challenger", 0.5, "purchase")
    with pytest.raises(UnknownMetricError, match=metric) as raised:
        RING.compare(one, one, metric, task, Demand.BEAT)
    assert raised.value.exit_code == 2
    with pytest.raises(UnknownMetricError, match=metric):
        RING.joint_gains(one, one, {task: metric})


def test_a_champion_is_compared_by_metrics_of_which_higher_is_better() -> None:
    one = model("challenger", 0.5, "purchase")
    with pytest.raises(UnknownMetricError, match="log_loss"):
        RING.joint_gains(one, one, {"purchase": "log_loss"})
    for task, metric in GATE_METRICS.items():
        assert metric in METRICS[task] - LOWER_IS_BETTER


def test_the_known_metrics_are_those_that_are_computed() -> None:
    lists, actions = np.full((ROWS, 10), 2), np.eye(7)[PURCHASE.astype(int)]
    said = {task: LABELS.happened[task] for task in ("purchase", "churn")}
    whole = Contender("challenger", "1", said, np.ones(ROWS), actions, lists)
    ring = Ring(LABELS, 20, 1, bits=np.ones(5))
    for task in ring.tasks():
        assert set(ring.statistics(whole, task)) == METRICS[task]


def test_every_compared_task_has_a_margin() -> None:
    assert set(PromotionSettings().margins.model_dump()) == set(GATE_METRICS)


def test_the_levels_of_all_attempts_add_up_to_the_level() -> None:
    assert [attempt_level(0.05, k) for k in (1, 2, 4)] == pytest.approx([0.025, 0.05 / 6, 0.0025])
    assert sum(attempt_level(0.05, k) for k in range(1, 100_000)) == pytest.approx(0.05, rel=1e-4)
