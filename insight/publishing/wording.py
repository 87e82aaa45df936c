"""Plain words for what the tables call by name."""

from insight.publishing.facts import Morning

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
_OUTCOMES = {"ok": "done", "skipped": "no change"}


def contender_title(name: str) -> str:
    """``recent_popularity_7d`` becomes ``Most popular, last 7 days``."""
    if name.startswith("recent_popularity_"):
        return f"Most popular, last {name.removeprefix('recent_popularity_').rstrip('d')} days"
    return _CONTENDERS.get(name, name.replace("_", " ").capitalize())


def metric_title(name: str) -> str:
    """``pr_auc`` becomes ``PR AUC``."""
    return _METRICS.get(name, name.replace("_", " ").capitalize())


def outcome_title(outcome: str) -> str:
    """An error's type stands for itself."""
    return _OUTCOMES.get(outcome, f"failed: {outcome}")


def headline(morning: Morning) -> str:
    """The morning in one sentence."""
    failed = [row.stage for row in morning.stages if row.outcome not in _OUTCOMES]
    if failed:
        return f"The night did not finish: {', '.join(failed)} failed."
    tonight = morning.tonight
    if tonight is None and not morning.nights:
        return "No model has earned its place yet, so nobody was scored."
    if tonight is None:
        return "Nobody was scored for this date; the newest scores are older."
    return (
        f"{tonight.customers:,} customers scored by model {tonight.model_version}: "
        f"{tonight.likely_buyers:,} are likely to buy, {tonight.likely_leavers:,} to leave."
    )
