"""Campaigns: who was shown which, who answered, and what was known of that before."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

ASKED = ("customer_id", "campaign_id", "kind", "feature_date")
"""A campaign that a customer is shown on the day after ``feature_date``."""

ANY_KIND = ""
"""Of a campaign that nothing is known of."""

CONTEXT_DAYS = 365
"""Campaigns longer ago than that are forgotten, so that a night need not read all of the past."""

_KIND_PRIOR = 20.0
_OWN_PRIOR = 2.0
"""Showings that the overall share of answers counts for beside those seen."""
_FIRST_GUESS = 0.05
"""Share of answers where no campaign has ended yet."""


def per_showing(exposures: DataFrame, events: DataFrame, *, answer_days: int) -> DataFrame:
    """``ASKED``, ``known_on``, ``closes_on``, ``answered_on``: one row per customer and campaign.

    A click on a campaign, or a redeemed coupon of it, answers the campaign if it comes within
    ``answer_days`` after the feature date and before the campaign ends. ``answered_on`` is null
    where there is none; whether that is final is known at the end of ``closes_on``. A showing
    counts from ``known_on``. An answer that was delivered late is dated by its delivery.

    Args:
        exposures: Campaigns shown, with ``known_on``.
        events: Clean events, with ``known_on``.
        answer_days: Days in which a campaign is answered.
    """
    kind = F.concat_ws("/", "channel", "category").alias("kind")
    # As its first known showing tells it: what a later one tells was not known before. Of two at
    # one moment the one that says when it ends, and the sooner end.
    known_on = F.greatest("known_on", "exposure_date").alias("known_on")
    open_end = F.col("ends_at").isNull().alias("_open_end")
    first = F.min(F.struct(known_on, "exposed_at", open_end, "ends_at", kind)).alias("_first")
    shown = (
        exposures.groupBy("customer_id", "campaign_id")
        .agg(first)
        .select("*", "_first.*")
        .withColumn("feature_date", F.date_sub(F.to_date("exposed_at"), 1))
    )
    clicks = events.where("event_type = 'campaign_click'").select(
        "customer_id",
        "campaign_id",
        "event_at",
        "event_date",
        F.greatest("known_on", "event_date").alias("answered_on"),
    )
    last_day = F.date_add("feature_date", answer_days)
    in_time = (
        (F.col("event_date") > F.col("feature_date"))
        & (F.col("event_date") <= last_day)
        & F.coalesce(F.col("event_at") < F.col("ends_at"), F.lit(True))
    )
    answered = F.min(F.when(in_time, F.col("answered_on"))).alias("answered_on")
    closes = F.least(last_day, F.to_date("ends_at")).alias("closes_on")
    joined = shown.join(clicks, on=["customer_id", "campaign_id"], how="left")
    return joined.groupBy(*ASKED, "known_on", closes).agg(answered)


def with_campaign_context(asked: DataFrame, showings: DataFrame) -> DataFrame:
    """Adds ``campaign_context``, which holds ``CONTEXT_WIDTH`` floats.

    They are the log odds of an answer to campaigns of this kind, log1p of the customer's earlier
    showings and of their answers, and the log odds of an answer by this customer; shares are
    smoothed towards all customers' share of answers. Nothing after the feature date counts, and
    nothing ``CONTEXT_DAYS`` before it.

    Args:
        asked: ``customer_id, kind, feature_date`` and more.
        showings: From ``per_showing``.
    """
    own = _per_customer(asked, showings)
    kinds = _per_kind(asked, showings)
    joined = asked.join(own, on=["customer_id", "feature_date"], how="left").join(
        F.broadcast(kinds), on=["kind", "feature_date"], how="left"
    )
    overall = _share(F.col("_all_answered"), F.col("_all_shown"), F.lit(_FIRST_GUESS), _KIND_PRIOR)
    of_kind = _share(F.col("_kind_answered"), F.col("_kind_shown"), overall, _KIND_PRIOR)
    of_customer = _share(F.col("_answered"), F.col("_shown"), overall, _OWN_PRIOR)
    context = F.array(
        _log_odds(of_kind),
        F.log1p(F.coalesce("_shown", F.lit(0))),
        F.log1p(F.coalesce("_answered", F.lit(0))),
        _log_odds(of_customer),
    ).cast("array<float>")
    return joined.withColumn("campaign_context", context).select(*asked.columns, "campaign_context")


def _per_customer(asked: DataFrame, showings: DataFrame) -> DataFrame:
    """Earlier showings of each asked customer, and those answered by the feature date."""
    past = showings.select(
        "customer_id", F.col("feature_date").alias("_before"), "known_on", "answered_on"
    )
    keys = asked.select("customer_id", "feature_date").distinct()
    earlier = keys.join(past, on="customer_id", how="inner").where(
        f"_before < feature_date AND _before >= date_sub(feature_date, {CONTEXT_DAYS}) "
        "AND known_on <= feature_date"
    )
    return earlier.groupBy("customer_id", "feature_date").agg(
        F.count(F.lit(1)).alias("_shown"),
        F.count_if(F.col("answered_on") <= F.col("feature_date")).alias("_answered"),
    )


def _per_kind(asked: DataFrame, showings: DataFrame) -> DataFrame:
    """Of the campaigns that had closed by each feature date: all, and those of each kind."""
    # What came late counts from its delivery: a showing, and an answer after its campaign closed.
    shown_on = F.greatest("closes_on", "known_on")
    answered_on = F.greatest(shown_on, "answered_on")
    closed = showings.groupBy(
        F.col("kind").alias("_kind"),
        "closes_on",
        shown_on.alias("_shown_on"),
        F.when(F.col("answered_on").isNotNull(), answered_on).alias("_answered_on"),
    ).agg(F.count(F.lit(1)).alias("shown"))
    keys = asked.select("kind", "feature_date").distinct()
    is_known = F.col("_shown_on") <= F.col("feature_date")
    is_recent = F.col("closes_on") > F.date_sub("feature_date", CONTEXT_DAYS)
    known = keys.join(closed, on=is_known & is_recent, how="left")
    alike = F.col("_kind") == F.col("kind")
    answered = F.col("_answered_on") <= F.col("feature_date")
    return known.groupBy("kind", "feature_date").agg(
        F.sum("shown").alias("_all_shown"),
        F.sum(F.when(answered, F.col("shown"))).alias("_all_answered"),
        F.sum(F.when(alike, F.col("shown"))).alias("_kind_shown"),
        F.sum(F.when(alike & answered, F.col("shown"))).alias("_kind_answered"),
    )


def _share(answered: Column, shown: Column, prior: Column, weight: float) -> Column:
    return (F.coalesce(answered, F.lit(0)) + prior * weight) / (
        F.coalesce(shown, F.lit(0)) + weight
    )


def _log_odds(share: Column) -> Column:
    return F.log(share / (1 - share))
