"""The challenger beside the champion: tasks compared, heads lost and gained, levels."""

from statistics import NormalDist

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from insight.errors import UnknownMetricError
from insight.promotion.contenders import Contender, TestLabels
from insight.promotion.gate import Demand
from insight.promotion.judging import GATE_METRICS, compare_with_champion
from insight.promotion.measurements import Ring
from insight.promotion.replacement import attempt_level, judge_replacement
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


def few_answers(churners: int, answers: int) -> TestLabels:
    """Labels of 300 customers of whom so many churn, and so many answer a campaign."""
    everybody = np.ones(ROWS, dtype=bool)
    happened = {"purchase": PURCHASE, "churn": np.zeros(ROWS), "campaign": np.zeros(ROWS)}
    happened["churn"][:churners] = 1.0
    happened["campaign"][-answers:] = 1.0
    return TestLabels(np.arange(ROWS), happened, dict.fromkeys(happened, everybody))


@pytest.mark.parametrize("rounds", [20, 200])
def test_a_task_with_too_few_answers_is_left_out_and_the_others_are_compared(rounds: int) -> None:
    champion = model("champion", 0.9, "purchase", "churn", "campaign")
    challenger = model("challenger", 0.6, "purchase", "churn", "campaign")
    ring = Ring(few_answers(churners=2, answers=9), rounds, seed=20170101)
    found = compare_with_champion(ring, challenger, champion)
    assert [each.task for each in found.gains] == ["purchase"]
    assert found.left_out == (
        "too few answers to compare churn: customers in its rarer class: 2, at least 10 needed",
        "too few answers to compare campaign: customers in its rarer class: 9, at least 10 needed",
    )
    verdict = judge_replacement(found, PromotionSettings(), attempts=1)
    assert set(found.left_out) < set(verdict.remarks)
    enough = Ring(few_answers(churners=10, answers=10), rounds, seed=20170101)
    gains = compare_with_champion(enough, challenger, champion).gains
    assert {each.task for each in gains} == {"purchase", "churn", "campaign"}


@pytest.mark.parametrize("rounds", [20, 200])
def test_one_churner_and_one_campaign_answer_stop_no_night(rounds: int) -> None:
    ring = Ring(few_answers(churners=1, answers=1), rounds, seed=20170101)
    champion = model("champion", 0.9, "purchase", "churn", "campaign")
    challenger = model("challenger", 0.4, "purchase", "churn", "campaign")
    assert ring.unjudged() == {
        "churn": "churn has one customer only in one of its classes",
        "campaign": "campaign has one customer only in one of its classes",
    }
    assert {each.task for each in ring.measure(challenger)} == {"purchase"}
    found = compare_with_champion(ring, challenger, champion)
    assert [each.task for each in found.gains] == ["purchase"]


@pytest.mark.parametrize("customers", [1, 2, 9])
def test_a_shop_too_small_for_any_comparison_keeps_its_champion(customers: int) -> None:
    rows = np.arange(4 * customers)
    happened = {"purchase": rows % 2.0, "churn": rows // 2 % 2.0, "next_action": rows % 7.0}
    labelled = dict.fromkeys((*happened, "next_item"), np.ones(len(rows), dtype=bool))
    ring = Ring(TestLabels(rows % customers, happened, labelled), rounds=20, seed=3)
    said = {task: np.linspace(0, 1, len(rows)) for task in ("purchase", "churn")}
    actions = np.full((len(rows), 7), 1 / 7)
    one = Contender("challenger", "1", said, np.ones(len(rows)), actions)
    assert list(ring.measure(one))
    found = compare_with_champion(ring, one, one)
    assert (found.gains, found.score) == ((), 0.0)
    assert any("too few answers to compare next_item" in each for each in found.left_out)
    for policy in ("better", "not_worse"):
        verdict = judge_replacement(found, PromotionSettings(policy=policy), attempts=1)
        assert verdict.failures == ("no task could be compared with the champion",)


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


def test_every_attempt_has_one_level_and_all_together_the_whole() -> None:
    levels = [attempt_level(0.05, count) for count in (1, 5, 9)]
    assert levels == pytest.approx([0.05, 0.010206, 0.005683], abs=1e-6)
    assert 1.0 - (1.0 - attempt_level(0.05, 60)) ** 60 == pytest.approx(0.05)


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_the_chance_of_any_false_promotion_stays_below_the_level(shared: float) -> None:
    # Nine weekly attempts on windows of 60 days. Scores correlate by the share of the window
    # that two attempts have in common, times what their models have in common.
    weeks = np.arange(9)
    overlap = np.clip(1.0 - 7 * np.abs(weeks[:, None] - weeks) / 60, 0.0, None)
    correlation = shared * overlap + (1.0 - shared) * np.eye(9)
    draws = 20_000
    independent = np.random.default_rng(5).normal(size=(draws, 9))
    scores = independent @ np.linalg.cholesky(correlation).T
    promoted = (scores > NormalDist().inv_cdf(1.0 - attempt_level(0.05, 9))).any(axis=1).mean()
    error = np.sqrt(0.05 * 0.95 / draws)
    assert promoted < 0.05 + 3 * error
    if not shared:
        assert promoted > 0.05 - 3 * error
