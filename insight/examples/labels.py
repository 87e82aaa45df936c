"""What then happened: labels over the window after each cut-off."""

from collections.abc import Iterable, Mapping
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.settings import ExampleSettings


def per_customer_labels(
    events: DataFrame,
    *,
    as_of: Iterable[date],
    settings: ExampleSettings,
    labels_end: Mapping[date, date] | None = None,
) -> DataFrame:
    """``customer_id, feature_date, purchase, churn_purchase, next_item_id``.

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
    return later.groupBy("customer_id", "feature_date").agg(
        F.max((bought & (F.col("_days") <= settings.purchase_days)).cast("int")).alias("purchase"),
        F.max((bought & (F.col("_days") <= settings.churn_days)).cast("int")).alias("stayed"),
        F.min_by(F.when(interacted, F.col("item_id")), F.when(interacted, order)).alias(
            "next_item_id"
        ),
    )


def with_labels(snapshots: DataFrame, labels: DataFrame, *, active_days: int) -> DataFrame:
    """Adds labels and their masks to snapshots of features and sequences.

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
    )


def with_complete_labels(labelled: DataFrame, *, settings: ExampleSettings) -> DataFrame:
    """Adds ``has_purchase``, and takes back what was not looked at for as long as it takes.

    Args:
        labelled: With ``label_days``: how many days after the cut-off were looked at.
        settings: Horizons in days.
    """
    days = F.col("label_days")
    knows_purchase, knows_churn = days >= settings.purchase_days, days >= settings.churn_days
    known = {
        "has_purchase": knows_purchase.cast("float"),
        "purchase": F.col("purchase") * knows_purchase.cast("float"),
        "has_churn": F.col("has_churn") * knows_churn.cast("float"),
        "churn": F.col("churn") * knows_churn.cast("float"),
        "next_item_id": F.when(knows_purchase & knows_churn, F.col("next_item_id")),
    }
    return labelled.withColumns(known)
