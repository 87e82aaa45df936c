"""Returns and cancellations, and the purchases they undo."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_MICROS_A_DAY = 86_400_000_000


def per_return(returns: DataFrame, purchases: DataFrame, *, days: int) -> DataFrame:
    """Rows of the returns table: each return with the newest purchase of the item before it.

    Args:
        returns: Return events.
        purchases: Purchase events in reach, of any customer.
        days: How far back a purchase may lie. One delivered after the return does not count:
            it was not known then, and a rebuild must find what the night found.
    """
    micros = F.unix_micros("event_at") - F.unix_micros("purchase.event_at")
    on = (
        (F.col("customer_id") == F.col("buyer_id"))
        & (F.col("item_id") == F.col("bought_item"))
        & (F.col("bought_file_date") <= F.col("file_date"))
        & micros.between(0, days * _MICROS_A_DAY)
    )
    # The returns are few; the purchases stay where they lie.
    found = (
        _bought(purchases)
        .join(F.broadcast(returns), on, how="inner")
        .groupBy(F.col("event_id").alias("found_id"))
        .agg(F.max("purchase").alias("purchase"))
    )
    matched = returns.join(found, F.col("event_id") == F.col("found_id"), how="left")
    seconds = F.col("event_at").cast("bigint") - F.col("purchase.event_at").cast("bigint")
    return matched.select(
        F.col("event_id").alias("return_event_id"),
        F.col("purchase.event_id").alias("purchase_event_id"),
        "customer_id",
        "item_id",
        F.col("quantity").alias("units"),
        "amount",
        seconds.alias("seconds_to_return"),
        "event_date",
        "ingest_date",
    )


def _bought(purchases: DataFrame) -> DataFrame:
    return purchases.where("customer_id IS NOT NULL").select(
        F.col("customer_id").alias("buyer_id"),
        F.col("item_id").alias("bought_item"),
        F.struct("event_at", "event_id").alias("purchase"),
        F.col("file_date").alias("bought_file_date"),
    )
