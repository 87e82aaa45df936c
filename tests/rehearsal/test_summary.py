"""Means over folds, and the folds that contradict each other."""

import pandas as pd

from insight.rehearsal.summary import disagreements, over_folds

OURS, RULE = ("challenger", "2024-03-31-a"), ("recency_rule", "baseline")


def _rows(metric: str, ours: list[float], rule: list[float]) -> pd.DataFrame:
    rows = [
        (fold, *who, "purchase", metric, value)
        for who, values in ((OURS, ours), (RULE, rule))
        for fold, value in enumerate(values)
    ]
    columns = ["fold", "contender", "model_version", "task", "metric", "value"]
    return pd.DataFrame(rows, columns=columns)


def test_the_mean_and_the_standard_deviation_over_folds() -> None:
    found = over_folds(_rows("auc", [0.7, 0.8, 0.9], [0.6, 0.6, 0.6]))
    ours = found[found["contender"] == "challenger"].iloc[0]
    assert round(ours["mean"], 9) == 0.8 and round(ours["std"], 9) == 0.1 and ours["count"] == 3


def test_a_baseline_that_wins_in_some_folds_is_named() -> None:
    assert list(disagreements(_rows("auc", [0.7, 0.8, 0.5], [0.6, 0.6, 0.6]))) == [
        "purchase auc: worse than recency_rule in fold 2 of 3 folds"
    ]


def test_of_a_loss_the_lower_one_is_better() -> None:
    rows = _rows("log_loss", [0.7, 0.5], [0.6, 0.6])
    assert list(disagreements(rows)) == [
        "purchase log_loss: worse than recency_rule in fold 0 of 2 folds"
    ]


def test_folds_that_all_say_the_same_agree() -> None:
    assert not list(disagreements(_rows("auc", [0.7, 0.8], [0.6, 0.6])))
    assert not list(disagreements(_rows("auc", [0.5, 0.5], [0.6, 0.6])))
