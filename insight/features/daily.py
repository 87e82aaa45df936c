"""Daily state: a customer's day and an item's day. Money and units are summed as integers."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_TYPES = ("view", "cart", "purchase", "return")


def per_customer_day(events: DataFrame, sessions: DataFrame) -> DataFrame:
    """One row per customer and day, from events of known customers and the visits begun."""
    bought = F.col("event_type") == "purchase"
    moment = F.coalesce("order_id", F.col("event_at").cast("string"))
    days = (
        events.where(F.col("customer_id").isNotNull())
        .groupBy("customer_id", "event_date")
        .agg(
            *_type_counts(),
            F.count_distinct(F.when(bought, moment)).alias("order_count"),
            _units(),
            _sum_of("amount_cents", "purchase").alias("amount_cents"),
            _sum_of("discount_cents", "purchase").alias("discount_cents"),
            _sum_of("amount_cents", "return").alias("returned_cents"),
            F.max("event_at").alias("last_event_at"),
        )
    )
    begun = sessions.groupBy("customer_id", F.col("session_date").alias("event_date")).agg(
        F.count(F.lit(1)).alias("session_count")
    )
    joined = days.join(begun, on=["customer_id", "event_date"], how="left")
    return joined.withColumn("session_count", F.coalesce("session_count", F.lit(0)))


def per_item_day(events: DataFrame) -> DataFrame:
    """One row per item and day, guests' events included."""
    return events.groupBy("item_id", "event_date").agg(
        *_type_counts(), _units(), _sum_of("amount_cents", "purchase").alias("amount_cents")
    )


def _type_counts() -> list[Column]:
    return [F.count_if(F.col("event_type") == name).alias(f"{name}_count") for name in _TYPES]


def _sum_of(column: str, event_type: str) -> Column:
    return F.sum(F.when(F.col("event_type") == event_type, F.col(column)).otherwise(0))


def _units() -> Column:
    """Units purchased: thousandths are summed as integers, so the order of rows cannot show."""
    thousandths = F.round(F.col("quantity") * 1000).cast("bigint")
    bought = F.when(F.col("event_type") == "purchase", thousandths).otherwise(0)
    return (F.sum(bought) / 1000).alias("units")
