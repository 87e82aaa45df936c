"""Which customers keep the score of an earlier night: those nothing has happened to since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
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
    given: list[object] = [
        settings.top_k,
        settings.recommend_seen,
        run.settings.examples.active_days,
    ]
    if not settings.recommend_seen:
        given += [settings.seen_days, *sorted(settings.seen_by)]
    parts = [*map(F.lit, given), F.col("events")]
    for name in FEATURES:
        if name not in CLOCKS:
            # The hash passes over nulls: without the mask (null, 5) would be (5, null).
            parts += [F.col(name), F.col(name).isNull()] if name in NULLABLE else [F.col(name)]
    parts += [F.col("campaign_context")[place] for place in _OWN_CONTEXT]
    return customers.withColumn("state_hash", F.xxhash64(*parts))


def carried_over(run: Run, states: DataFrame, decisions: Sequence[Decision]) -> Carried | None:
    """The newest earlier night's scores of customers that are as they were; None without any.

    A score is kept until the customer's next turn (``is_due``), so for less than
    ``scoring.max_age_days``, and only while its model version is in service: what a version said
    that was rolled back or archived is worked out anew.

    Args:
        run: The run.
        states: ``customer_id`` and ``state_hash`` of tonight's customers.
        decisions: The registry's trail.
    """
    if run.settings.scoring.rescore == "all":
        return None
    max_age = run.settings.scoring.max_age_days
    oldest = run.run_date - timedelta(days=max_age)
    recent = (F.col("score_date") > F.lit(oldest)) & (F.col("score_date") < F.lit(run.run_date))
    scores, lists = (
        run.lake.read_or_empty(table).where(recent) for table in (CUSTOMER_SCORES, RECOMMENDATIONS)
    )
    # Two tables are two commits: a night that died between them has no lists yet.
    dates = scores.select("score_date").intersect(lists.select("score_date"))
    found = dates.agg(F.max("score_date").alias("newest")).first()
    if found is None or found["newest"] is None:
        return None
    that_night = F.col("score_date") == F.lit(found["newest"])
    young = ~is_due("scored_on", run.run_date, max_age_days=max_age)
    served = ~F.col("model_version").isin(_out_of_service(decisions, run.run_date))
    lists = lists.where(that_night).drop("score_date")
    kept = scores.where(that_night & young & served).drop("score_date")
    kept = kept.join(states, on=["customer_id", "state_hash"], how="left_semi")
    # A rerun that died between the two commits has scores of one version, lists of another.
    origin = ["customer_id", "model_version", "scored_on"]
    kept = kept.join(lists.select(origin), on=origin, how="left_semi")
    return Carried(kept, lists.join(kept, on=origin, how="left_semi"))


def is_due(scored_on: str, run_date: date, *, max_age_days: int) -> Column:
    """Whether a score is too old on a run date, by the customer's own turn.

    A customer has one turn in ``max_age_days`` nights, given by a hash of ``customer_id``. So each
    night an equal share of the customers is due, however many of them were first scored together,
    and no score reaches that age. A turn that falls on a date without a run is taken up by the
    next run.

    Args:
        scored_on: Name of the column with the date that the score was computed on.
        run_date: The date of the run.
        max_age_days: Nights between two turns.
    """
    nights = F.lit((run_date - date(1970, 1, 1)).days)
    # Reduced first: the difference of a date and a whole hash could overflow.
    turn = F.pmod(F.xxhash64("customer_id"), F.lit(max_age_days))
    since_turn = F.pmod(nights - turn, F.lit(max_age_days)).cast("int")
    return F.col(scored_on) < F.date_sub(F.lit(run_date), since_turn)


def _out_of_service(decisions: Sequence[Decision], as_of: date) -> list[str]:
    """Versions rolled back by the end of a date, and those archived at any time."""
    known = [each for each in decisions if each.run_date <= as_of.isoformat()]
    versions = sorted({each.version for each in decisions})
    left = {version for version in versions if why_left(version, known) is not None}
    return [each for each in versions if each in left or is_archived(each, decisions)]
