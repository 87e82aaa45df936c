"""What then happened: labels over the window after each cut-off."""

from collections.abc import Iterable, Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.encoding.tasks import CONTEXT_WIDTH, NEXT_ACTIONS
from insight.settings import ExampleSettings


def per_customer_labels(
    events: DataFrame,
    *,
    as_of: Iterable[date],
    settings: ExampleSettings,
    labels_end: Mapping[date, date] | None = None,
) -> DataFrame:
    """``customer_id, feature_date, purchase, stayed, next_item_id, next_action``.

    Only customers with an event after the cut-off have a row: for the others nothing happened.

    Args:
        events: Events of known customers.
        as_of: Cut-offs; a day up to the cut-off is never looked at for it.
        settings: Horizons in days.
        labels_end: Last days that are looked at, for cut-offs that stop before their horizon.
    """
    horizon = max(settings.purchase_days, settings.churn_days)
    dates = F.explode(F.array(*(F.lit(day) for day in sorted(as_of)))).alias("feature_date")
    later = (
        events.where(F.col("customer_id").isNotNull())
        .select("*", dates)
        .withColumn("_days", F.datediff("event_date", "feature_date"))
        .where(f"_days > 0 AND _days <= {horizon}")
    )
    for cutoff, end in (labels_end or {}).items():
        is_too_late = (F.col("feature_date") == F.lit(cutoff)) & (F.col("event_date") > F.lit(end))
        later = later.where(~is_too_late)
    bought = F.col("event_type") == "purchase"
    interacted = (F.col("event_type") != "return") & F.col("item_id").isNotNull()
    order = F.struct("event_at", F.xxhash64("event_id"))
    soon = F.col("_days") <= settings.purchase_days
    numbered = F.create_map(
        *(F.lit(part) for pair in enumerate(NEXT_ACTIONS) for part in pair[::-1])
    )
    action = numbered[F.col("event_type")]
    return later.groupBy("customer_id", "feature_date").agg(
        F.max((bought & soon).cast("int")).alias("purchase"),
        F.max((bought & (F.col("_days") <= settings.churn_days)).cast("int")).alias("stayed"),
        F.min_by(F.when(interacted, F.col("item_id")), F.when(interacted, order)).alias(
            "next_item_id"
        ),
        F.min_by(F.when(soon, action), F.when(soon, order)).alias("next_action"),
    )


def with_labels(snapshots: DataFrame, labels: DataFrame, *, active_days: int) -> DataFrame:
    """Adds labels and masks to snapshots of features and sequences; no campaign is asked about.

    ``churn`` is asked only of customers with a purchase in the ``active_days`` before.
    """
    labelled = snapshots.join(labels, on=["customer_id", "feature_date"], how="left")
    was_active = F.coalesce(F.col("days_since_last_order") < active_days, F.lit(False))
    return labelled.select(
        *snapshots.columns,
        "next_item_id",
        F.coalesce("purchase", F.lit(0)).cast("float").alias("purchase"),
        (1 - F.coalesce("stayed", F.lit(0))).cast("float").alias("churn"),
        was_active.cast("float").alias("has_churn"),
        F.coalesce("next_action", F.lit(0)).cast("bigint").alias("next_action"),
        *(_float(1).alias(name) for name in ("has_purchase", "has_next_action")),
        *(_float(0).alias(name) for name in ("campaign", "has_campaign")),
        F.lit("").alias("campaign_id"),
        F.array(*[_float(0)] * CONTEXT_WIDTH).alias("campaign_context"),
    )


def with_complete_labels(labelled: DataFrame, *, settings: ExampleSettings) -> DataFrame:
    """Takes back what was not looked at for as long as it takes.

    Args:
        labelled: With ``label_days``: how many days after the cut-off were looked at.
        settings: Horizons in days.
    """
    days = F.col("label_days")
    knows_purchase, knows_churn = days >= settings.purchase_days, days >= settings.churn_days
    known = {
        **{
            f"{prefix}{name}": F.when(knows, F.col(f"{prefix}{name}")).otherwise(_float(0))
            for name, knows in (("purchase", knows_purchase), ("churn", knows_churn))
            for prefix in ("", "has_")
        },
        "has_next_action": F.when(knows_purchase, F.col("has_next_action")).otherwise(_float(0)),
        "next_action": F.when(knows_purchase, F.col("next_action")).otherwise(F.lit(0)),
        "next_item_id": F.when(knows_purchase & knows_churn, F.col("next_item_id")),
    }
    return labelled.withColumns(known)


def with_campaign_labels(snapshots: DataFrame, asked: DataFrame) -> DataFrame:
    """Adds labels and masks: whether a customer answered a campaign, and nothing else.

    Args:
        snapshots: Of features and sequences.
        asked: ``customer_id, campaign_id, feature_date, campaign_context, answered_on``.
    """
    labelled = snapshots.join(asked, on=["customer_id", "feature_date"], how="inner")
    unasked = ("purchase", "churn", "has_churn", "has_purchase", "has_next_action")
    return labelled.select(
        *snapshots.columns,
        F.lit(None).cast("string").alias("next_item_id"),
        *(_float(0).alias(name) for name in unasked),
        F.lit(0).cast("bigint").alias("next_action"),
        F.col("answered_on").isNotNull().cast("float").alias("campaign"),
        _float(1).alias("has_campaign"),
        "campaign_id",
        "campaign_context",
    )


def _float(value: float) -> Column:
    return F.lit(value).cast("float")
