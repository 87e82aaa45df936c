"""Which customers keep the score of an earlier night: those nothing has happened to since."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.encoding.features import FEATURES, NULLABLE
from insight.registry.trail import Decision, is_archived, why_left
from insight.stages import Run
from insight.tables import CUSTOMER_SCORES, RECOMMENDATIONS

CLOCKS = frozenset({"days_since_last_event", "days_since_last_order", "order_overdue_ratio"})
"""Features that move every night by themselves; that is no change of the customer's state."""

_OWN_CONTEXT = (1, 2)
"""Of the campaign context, what is the customer's own: campaigns shown, and answered."""


@dataclass(frozen=True)
class Carried:
    """What an earlier night said of customers whose state is still the same.

    Args:
        scores: Rows of customer_scores without ``score_date``.
        recommendations: Rows of recommendations without ``score_date``.
    """

    scores: DataFrame
    recommendations: DataFrame


def with_state(customers: DataFrame, run: Run) -> DataFrame:
    """Adds ``state_hash``: of all that a customer's score is made of but the model and the clock.

    Counts over the last days are part of the state: it changes when an event leaves a window.
    What others did (how often a campaign's kind is answered) is not.

    Args:
        customers: ``events``, ``campaign_context`` and the customer features.
        run: The run, for the settings that scores depend on.
    """
    settings = run.settings.scoring
    parts = [F.lit(settings.top_k), F.lit(settings.recommend_seen), F.col("events")]
    for name in FEATURES:
        if name not in CLOCKS:
            # The hash passes over nulls: without the mask (null, 5) would be (5, null).
            parts += [F.col(name), F.col(name).isNull()] if name in NULLABLE else [F.col(name)]
    parts += [F.col("campaign_context")[place] for place in _OWN_CONTEXT]
    return customers.withColumn("state_hash", F.xxhash64(*parts))


def carried_over(run: Run, states: DataFrame, decisions: Sequence[Decision]) -> Carried | None:
    """The newest earlier night's scores of customers that are as they were; None without any.

    A score is kept for less than ``scoring.max_age_days``, and only while its model version is
    in service: what a version said that was rolled back or archived is worked out anew.

    Args:
        run: The run.
        states: ``customer_id`` and ``state_hash`` of tonight's customers.
        decisions: The registry's trail.
    """
    if run.settings.scoring.rescore == "all":
        return None
    oldest = run.run_date - timedelta(days=run.settings.scoring.max_age_days)
    recent = (F.col("score_date") > F.lit(oldest)) & (F.col("score_date") < F.lit(run.run_date))
    scores, lists = (
        run.lake.read_or_empty(table).where(recent) for table in (CUSTOMER_SCORES, RECOMMENDATIONS)
    )
    # Two tables are two commits: a night that died between them has no lists to carry over.
    dates = scores.select("score_date").intersect(lists.select("score_date"))
    found = dates.agg(F.max("score_date").alias("newest")).first()
    if found is None or found["newest"] is None:
        return None
    that_night = F.col("score_date") == F.lit(found["newest"])
    young = F.col("scored_on") > F.lit(oldest)
    served = ~F.col("model_version").isin(_out_of_service(decisions))
    kept = scores.where(that_night & young & served).drop("score_date")
    kept = kept.join(states, on=["customer_id", "state_hash"], how="left_semi")
    kept_lists = lists.where(that_night).drop("score_date")
    return Carried(kept, kept_lists.join(kept, on="customer_id", how="left_semi"))


def _out_of_service(decisions: Sequence[Decision]) -> Collection[str]:
    versions = {each.version for each in decisions}
    return [
        version
        for version in sorted(versions)
        if why_left(version, decisions) is not None or is_archived(version, decisions)
    ]
