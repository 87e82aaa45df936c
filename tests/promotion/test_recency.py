"""The recency rule keeps the order of recency and gives honest probabilities."""

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame
from sklearn.metrics import roc_auc_score

from insight.encoding.features import FEATURES, FeatureStatistics
from insight.metrics.calibration import expected_calibration_error
from insight.promotion.recency import LONGER_THAN_ANY, fit_recency_rules, with_recency


@pytest.fixture(scope="module")
def rows(examples: DataFrame, statistics: FeatureStatistics) -> pd.DataFrame:
    columns = ["recency", "features", "purchase", "churn", "has_churn"]
    return with_recency(examples, statistics).select(*columns).toPandas()


@pytest.fixture(scope="module")
def rules(examples: DataFrame, statistics: FeatureStatistics):
    return fit_recency_rules(with_recency(examples, statistics))


def test_recency_is_the_normalised_days_or_the_longest(rows: pd.DataFrame) -> None:
    features = np.stack(rows["features"].to_list())
    position = FEATURES.index("days_since_last_order")
    # The first mask belongs to the first nullable feature, which this is.
    missing = features[:, len(FEATURES)] == 1
    assert 0 < missing.sum() < len(rows)
    expected = np.where(missing, LONGER_THAN_ANY, features[:, position])
    assert rows["recency"].to_numpy() == pytest.approx(expected)


def test_the_rule_orders_customers_exactly_as_recency_does(rows: pd.DataFrame, rules) -> None:
    recency = rows["recency"].to_numpy()
    purchase = roc_auc_score(rows["purchase"], rules["purchase"].probabilities(recency))
    assert purchase == pytest.approx(roc_auc_score(rows["purchase"], -recency))
    labelled = rows[rows["has_churn"] > 0]
    churn = roc_auc_score(
        labelled["churn"], rules["churn"].probabilities(labelled["recency"].to_numpy())
    )
    assert churn == pytest.approx(roc_auc_score(labelled["churn"], labelled["recency"]))


def test_its_probabilities_are_calibrated_where_it_was_fitted(rows: pd.DataFrame, rules) -> None:
    said = rules["purchase"].probabilities(rows["recency"].to_numpy())
    assert expected_calibration_error(rows["purchase"].to_numpy(), said) < 0.03


def test_no_probability_is_certain(rules) -> None:
    said = rules["purchase"].probabilities(np.array([-10.0, 0.0, LONGER_THAN_ANY]))
    assert (said[:-1] > said[1:]).all()
    assert ((said > 0) & (said < 1)).all()


def test_a_task_without_labels_has_no_rule(
    examples: DataFrame, statistics: FeatureStatistics
) -> None:
    none_active = with_recency(examples.where("has_churn = 0"), statistics)
    assert set(fit_recency_rules(none_active)) == {"purchase", "campaign"}
