"""What then happened: labels over the window after each cut-off."""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.settings import ExampleSettings


def per_customer_labels(
    events: DataFrame, *, as_of: Iterable[date], settings: ExampleSettings
) -> DataFrame:
    """``customer_id, feature_date, purchase, churn_purchase, next_item_id``.

    Only customers with an event after the cut-off have a row: for the others nothing happened.

    Args:
        events: Events of known customers.
        as_of: Cut-offs; a day up to the cut-off is never looked at for it.
        settings: Horizons in days.
    """
    horizon = max(settings.purchase_days, settings.churn_days)
    dates = F.explode(F.array(*(F.lit(day) for day in sorted(as_of)))).alias("feature_date")
    later = (
        events.where(F.col("customer_id").isNotNull())
        .select("*", dates)
        .withColumn("_days", F.datediff("event_date", "feature_date"))
        .where(f"_days > 0 AND _days <= {horizon}")
    )
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
