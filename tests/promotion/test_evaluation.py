"""Models and baselines over test rows, in the executors, in one order."""

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from insight.encoding.features import FeatureStatistics
from insight.encoding.tasks import NEXT_ACTIONS
from insight.encoding.vocabulary import Vocabulary
from insight.local_frames import local_frame
from insight.promotion.baselines import fit_rules, next_item_contenders, rule_contenders
from insight.promotion.evaluation import Candidate, Scorer, model_contender
from insight.promotion.slices import with_slice_columns
from insight.promotion.translation import translate
from tests.promotion.conftest import RUN_DATE, customers

LENGTH = 4
TONIGHT = Vocabulary(("apple", "bread", "cheese", "dates"), ("x",) * 4)
BEFORE = Vocabulary(("bread", "apple"), ("x",) * 2)


def fake_model(size: int) -> Callable[[], Scorer]:
    """A model that reads its answer off the first feature, and likes low item indices."""

    class FakeModel:
        # Defined inside, so that it travels to the executors by value.
        def predict(self, inputs: dict[str, np.ndarray]) -> SimpleNamespace:
            first = inputs["features"][:, 0]
            items = inputs["item_indices"].sum(axis=1)
            unknown = np.full(len(first), np.nan)
            return SimpleNamespace(
                yes_no={"purchase": first, "churn": items, "campaign": unknown},
                next_action=np.stack([first, 1 - first], axis=1),
            )

        def item_scores(self, predictions: SimpleNamespace, rows: slice) -> np.ndarray:
            return -np.tile(np.arange(size), (len(predictions.next_action[rows]), 1))

    return FakeModel


@pytest.fixture(scope="module")
def test_rows(example_rows: pd.DataFrame) -> pd.DataFrame:
    rows = example_rows[example_rows["split"] == "test"]
    return rows.sort_values(["customer_id", "cutoff_at"], ignore_index=True)


def test_a_model_answers_every_test_row_in_order(
    examples: DataFrame, test_rows: pd.DataFrame, statistics: FeatureStatistics
) -> None:
    own = translate(
        TONIGHT, statistics, own_vocabulary=TONIGHT, own_statistics=statistics, own_length=LENGTH
    )
    model = Candidate("challenger", "7", fake_model(TONIGHT.size), own)
    found = model_contender(model, examples.where("split = 'test'"))
    assert (found.name, found.version) == ("challenger", "7")
    expected = np.stack(test_rows["features"])[:, 0]
    assert found.probabilities["purchase"] == pytest.approx(expected)
    items = np.stack(test_rows["item_indices"]).sum(axis=1)
    assert found.probabilities["churn"] == pytest.approx(items)
    # Of what it never learned it says nothing.
    assert "campaign" not in found.probabilities
    assert found.actions is not None
    assert found.actions[:, 0] == pytest.approx(expected)
    # Scores fall with the index: item 2 is first, item 3 second, unknown and none are missed.
    rank_of = {0: np.inf, 1: np.inf, 2: 1, 3: 2}
    assert found.ranks.tolist() == [rank_of[item] for item in test_rows["next_item"]]
    # Four items are fewer than a list is long.
    assert {tuple(each) for each in found.lists.tolist()} == {(2, 3, 4, 5, *[0] * 6)}


def test_a_model_of_another_night_is_asked_in_its_own_indices(
    examples: DataFrame, test_rows: pd.DataFrame, statistics: FeatureStatistics
) -> None:
    other = translate(
        TONIGHT, statistics, own_vocabulary=BEFORE, own_statistics=statistics, own_length=LENGTH
    )
    model = Candidate("champion", "2", fake_model(BEFORE.size), other)
    found = model_contender(model, examples.where("split = 'test'"))
    # Tonight's apple (2) is its 3, tonight's bread (3) its 2; the rest it does not know.
    own_index = np.array([0, 1, 3, 2, 1, 1])
    items = own_index[np.stack(test_rows["item_indices"])].sum(axis=1)
    assert found.probabilities["churn"] == pytest.approx(items)
    rank_of = {0: np.inf, 1: np.inf, 2: 2, 3: 1}
    assert found.ranks.tolist() == [rank_of[item] for item in test_rows["next_item"]]
    # Its lists are told in tonight's indices.
    assert {tuple(each) for each in found.lists.tolist()} == {(3, 2, *[0] * 8)}


def test_rules_and_labels_stand_in_the_same_order(
    spark: SparkSession, examples: DataFrame, test_rows: pd.DataFrame, statistics: FeatureStatistics
) -> None:
    rules = fit_rules(examples.where("split != 'test'"), statistics, most_rows=10_000)
    test = with_slice_columns(
        examples.where("split = 'test'"),
        statistics,
        customers(spark, ("c0001", "GB"), ("c0002", None)),
        as_of=RUN_DATE,
    )
    labels, found = rule_contenders(rules, test, statistics)
    assert labels.customers.tolist() == list(range(len(test_rows)))
    assert labels.happened["purchase"].tolist() == test_rows["purchase"].tolist()
    assert labels.labelled["churn"].tolist() == (test_rows["has_churn"] > 0).tolist()
    assert labels.labelled["next_item"].tolist() == (test_rows["next_item"] > 0).tolist()
    assert labels.slices["country GB"].tolist() == [n == 1 for n in range(len(test_rows))]
    assert labels.happened["next_action"].tolist() == test_rows["next_action"].tolist()
    names = ["recency_rule", "logistic_regression", "action_shares"]
    assert [each.name for each in found] == names
    features = np.stack(test_rows["features"])
    assert found[1].probabilities["churn"] == pytest.approx(
        rules.logistic["churn"].probabilities(features)
    )
    # A campaign is judged by what is known of it as well.
    about = np.hstack([features, np.stack(test_rows["campaign_context"])])
    assert found[1].probabilities["campaign"] == pytest.approx(
        rules.logistic["campaign"].probabilities(about)
    )


def test_the_shares_of_next_actions_are_those_learned_from(
    examples: DataFrame, example_rows: pd.DataFrame, statistics: FeatureStatistics
) -> None:
    learnt = examples.where("split != 'test'")
    shares = fit_rules(learnt, statistics, most_rows=10_000).action_shares
    rows = example_rows[example_rows["split"] != "test"]
    bought = int(rows["purchase"].sum())
    # One more of each action than was seen.
    total = len(rows) + len(NEXT_ACTIONS)
    assert shares[0] == pytest.approx((len(rows) - bought + 1) / total)
    assert shares[NEXT_ACTIONS.index("purchase")] == pytest.approx((bought + 1) / total)
    assert shares[NEXT_ACTIONS.index("view")] == pytest.approx(1 / total)


def test_popularity_misses_what_nobody_touched(
    spark: SparkSession, examples: DataFrame, test_rows: pd.DataFrame
) -> None:
    item_daily = local_frame(
        spark,
        [("bread", date(2024, 3, 1), 5, 0, 0)],
        "item_id string, event_date date, view_count bigint, cart_count bigint, "
        "purchase_count bigint",
    )
    indices = [(item, i + 2) for i, item in enumerate(TONIGHT.item_ids)]
    vocabulary = local_frame(spark, indices, "item_id string, item_index bigint")
    own, found = next_item_contenders(
        examples.where("split = 'test'"), item_daily, vocabulary, windows=(7,)
    )
    expected = [1.0 if item == 3 else np.inf for item in test_rows["next_item"]]
    assert found.ranks.tolist() == expected
    assert own.name == "own_items"
