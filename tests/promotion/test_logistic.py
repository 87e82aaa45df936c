"""The logistic baseline learns in an executor what scikit-learn learns here."""

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from insight.promotion.logistic import STRENGTHS, LinearRule, fit_logistic_regressions


@pytest.fixture(scope="module")
def rules(examples: DataFrame) -> dict[str, LinearRule]:
    return fit_logistic_regressions(examples.where("split != 'test'"), most_rows=10_000)


def test_the_weights_are_those_of_the_best_strength_on_validation(
    rules: dict[str, LinearRule], example_rows: pd.DataFrame
) -> None:
    parts = dict(list(example_rows.groupby("split")))
    train, validation = parts["train"], parts["validation"]
    fits = [
        LogisticRegression(C=c, max_iter=1_000).fit(
            np.stack(train["features"]).astype(np.float64), train["purchase"]
        )
        for c in STRENGTHS
    ]
    unseen = np.stack(validation["features"]).astype(np.float64)
    losses = [log_loss(validation["purchase"], fit.predict_proba(unseen)) for fit in fits]
    # Chosen without it, then fitted on all that is known.
    known = pd.concat([train, validation])
    best = LogisticRegression(C=STRENGTHS[int(np.argmin(losses))], max_iter=1_000).fit(
        np.stack(known["features"]).astype(np.float64), known["purchase"]
    )
    assert rules["purchase"].weights[:-1] == pytest.approx(best.coef_[0], abs=1e-3)
    assert rules["purchase"].probabilities(unseen) == pytest.approx(
        best.predict_proba(unseen)[:, 1], abs=1e-3
    )


def test_it_also_learns_from_the_newest_rows_but_is_not_chosen_on_them(
    examples: DataFrame, example_rows: pd.DataFrame, rules: dict[str, LinearRule]
) -> None:
    is_newest = "split = 'validation' AND customer_id >= 'c0200'"
    newest = F.when(F.expr(is_newest), "recalibration").otherwise(F.col("split"))
    known = examples.where("split != 'test'").withColumn("split", newest)
    found = fit_logistic_regressions(known, most_rows=10_000)["churn"]
    is_known = (example_rows["split"] != "test") & (example_rows["has_churn"] > 0)
    features = np.stack(example_rows["features"]).astype(np.float64)
    labels = example_rows["churn"]
    is_train, is_checked = (
        is_known & (example_rows["split"] == split) for split in ("train", "validation")
    )
    is_checked &= example_rows["customer_id"] < "c0200"
    losses = [
        log_loss(
            labels[is_checked],
            LogisticRegression(C=c, max_iter=1_000)
            .fit(features[is_train], labels[is_train])
            .predict_proba(features[is_checked]),
        )
        for c in STRENGTHS
    ]
    best = LogisticRegression(C=STRENGTHS[int(np.argmin(losses))], max_iter=1_000)
    best.fit(features[is_known], labels[is_known])
    assert found.weights[:-1] == pytest.approx(best.coef_[0], abs=1e-3)


def test_it_learns_the_law(rules: dict[str, LinearRule], example_rows: pd.DataFrame) -> None:
    test = example_rows[example_rows["split"] == "test"]
    said = rules["purchase"].probabilities(np.stack(test["features"]))
    assert roc_auc_score(test["purchase"], said) > 0.8


def test_one_fit_equals_the_next(rules: dict[str, LinearRule], examples: DataFrame) -> None:
    shuffled = examples.where("split != 'test'").repartition(5, "row_checksum")
    again = fit_logistic_regressions(shuffled, most_rows=10_000)
    for task, rule in rules.items():
        assert rule.weights.tolist() == again[task].weights.tolist()


def test_a_large_table_is_drawn_by_customer(examples: DataFrame) -> None:
    some = fit_logistic_regressions(examples.where("split != 'test'"), most_rows=150)
    assert set(some) == {"purchase", "churn", "campaign"}


def test_a_task_of_one_class_has_no_rule(examples: DataFrame) -> None:
    all_bought = examples.where("split != 'test' AND purchase = 1")
    assert set(fit_logistic_regressions(all_bought, most_rows=10_000)) == {"churn", "campaign"}


def test_no_examples_give_no_rules(examples: DataFrame) -> None:
    assert fit_logistic_regressions(examples.where("false"), most_rows=10) == {}


def test_large_log_odds_do_not_overflow() -> None:
    said = LinearRule(np.array([1.0, 0.0])).probabilities(np.array([[-1e4], [0.0], [1e4]]))
    assert said.tolist() == [0.0, 0.5, 1.0]
