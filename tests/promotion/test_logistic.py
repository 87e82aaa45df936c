"""The logistic baseline learns in an executor what scikit-learn learns here."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from insight.promotion import logistic
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
    example_rows: pd.DataFrame,
) -> None:
    known = example_rows[example_rows["split"] != "test"].copy()
    is_newest = (known["split"] == "validation") & (known["customer_id"] >= "c0200")
    known.loc[is_newest, "split"] = "recalibration"
    rows = pa.RecordBatch.from_pandas(known.drop(columns="run_date"), preserve_index=False)
    fitted = {
        batch["task"][0].as_py(): batch["weights"][0].as_py() for batch in logistic._fitted([rows])
    }
    labelled = known[known["has_churn"] > 0]
    train, checked = (labelled[labelled["split"] == name] for name in ("train", "validation"))
    losses = [
        log_loss(checked["churn"], _fit(train, c).predict_proba(np.stack(checked["features"])))
        for c in STRENGTHS
    ]
    best = _fit(labelled, STRENGTHS[int(np.argmin(losses))])
    assert fitted["churn"][:-1] == pytest.approx(best.coef_[0], abs=1e-3)
    assert fitted["churn"][-1] == pytest.approx(best.intercept_[0], abs=1e-3)


def _fit(rows: pd.DataFrame, strength: float) -> LogisticRegression:
    features = np.stack(rows["features"]).astype(np.float64)
    return LogisticRegression(C=strength, max_iter=1_000).fit(features, rows["churn"])


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
