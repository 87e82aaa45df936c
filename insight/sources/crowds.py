"""Customer ids that stand for many people: a text for "nobody", or one id for every visitor."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.logs import logger
from insight.settings import IngestSettings

log = logger(__name__)


def per_crowded_delivery(events: DataFrame, settings: IngestSettings) -> DataFrame:
    """Deliveries of which one customer id holds an implausible share of the events.

    Args:
        events: Raw events.
        settings: From which share on, and in deliveries of which size.

    Returns:
        ``source, file_date, event_count, crowd_share``.
    """
    delivery = ("source", "file_date")
    per_customer = events.groupBy(*delivery, "customer_id").agg(F.count(F.lit(1)).alias("rows"))
    known = F.when(F.col("customer_id").isNotNull(), F.col("rows"))
    counted = per_customer.groupBy(*delivery).agg(
        F.sum("rows").alias("event_count"), F.max(known).alias("largest")
    )
    share = (F.col("largest") / F.col("event_count")).alias("crowd_share")
    large = counted.where(F.col("event_count") >= settings.crowd_min_events)
    return large.select(*delivery, "event_count", share).where(share > settings.crowd_share)


def warn_of_crowds(events: DataFrame, settings: IngestSettings) -> None:
    """Log each crowded delivery; the id itself is left out."""
    for row in per_crowded_delivery(events, settings).orderBy("source", "file_date").collect():
        log.warning(
            "one customer id holds a large share of a delivery: probably no customer's;"
            " name it under null_customer_ids in conf/sources",
            source=row["source"],
            file_date=f"{row['file_date']}",
            events=row["event_count"],
            share=f"{row['crowd_share']:.1%}",
        )
