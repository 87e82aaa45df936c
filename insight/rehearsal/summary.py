"""What several folds say together: means, spread, and where they contradict each other."""

from collections.abc import Iterator

import pandas as pd

from insight.promotion.contenders import BASELINE, CHALLENGER
from insight.promotion.judging import GATE_METRICS
from insight.promotion.task_metrics import LOWER_IS_BETTER

SHOWN = (*dict.fromkeys(GATE_METRICS.values()), "log_loss")
_BY = ["task", "metric", "contender"]


def over_folds(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per task, metric and contender: ``mean``, ``std`` over folds, and ``count``.

    Args:
        rows: Of the validation table, one run date.
    """
    shown = rows[rows["metric"].isin(SHOWN)]
    return shown.groupby(_BY)["value"].agg(["mean", "std", "count"]).reset_index()


def disagreements(rows: pd.DataFrame) -> Iterator[str]:
    """A line for each baseline that beats the model in some folds and is beaten in others.

    One test window alone would have hidden it.
    """
    shown = rows[rows["metric"].isin(SHOWN)]
    for (task, metric), found in shown.groupby(["task", "metric"]):
        values = found.pivot(index="fold", columns="contender", values="value")
        baselines = found.loc[found["model_version"] == BASELINE, "contender"].unique()
        for rival in sorted(baselines):
            gains = (values[CHALLENGER] - values[rival]).dropna()
            if metric in LOWER_IS_BETTER:
                gains = -gains
            worse = [str(fold) for fold in gains.index[gains < 0]]
            if worse and len(worse) < len(gains):
                folds = ", ".join(worse)
                yield f"{task} {metric}: worse than {rival} in fold {folds} of {len(gains)} folds"
