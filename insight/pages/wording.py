"""Plain words for what the tables call by name."""

_CONTENDERS = {
    "challenger": "Challenger",
    "champion": "Champion before",
    "recency_rule": "Recency rule",
    "logistic_regression": "Logistic regression",
    "own_items": "Customer's own items",
}
_METRICS = {
    "ndcg10": "NDCG@10",
    "hr10": "Hit rate@10",
    "mrr10": "MRR@10",
    "coverage10": "Coverage@10",
    "novelty10": "Novelty@10, bits",
    "auc": "AUC",
    "pr_auc": "PR AUC",
    "log_loss": "Log loss",
    "brier": "Brier score",
    "ece": "Calibration error",
    "f1": "F1",
    "lift_top10": "Lift, top tenth",
    "gain_top10": "Gain, top tenth",
}


def contender_title(name: str) -> str:
    """``recent_popularity_7d`` becomes ``Most popular, last 7 days``."""
    if name.startswith("recent_popularity_"):
        return f"Most popular, last {name.removeprefix('recent_popularity_').rstrip('d')} days"
    return _CONTENDERS.get(name, name.replace("_", " ").capitalize())


def metric_title(name: str) -> str:
    """``pr_auc`` becomes ``PR AUC``."""
    return _METRICS.get(name, name.replace("_", " ").capitalize())
