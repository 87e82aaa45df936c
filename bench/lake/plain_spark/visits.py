"""Visits and customers' days: lag for the silences, a running sum for the visits."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

_TYPES = ("view", "search", "cart", "purchase")


def with_visit(events: DataFrame, *, gap_minutes: int) -> DataFrame:
    """Events of known customers with the number of their visit."""
    in_time = Window.partitionBy("customer_id").orderBy("event_at")
    silence = F.unix_micros("event_at") - F.unix_micros(F.lag("event_at").over(in_time))
    opens = F.coalesce(silence > gap_minutes * 60_000_000, F.lit(True))
    known = events.where("customer_id IS NOT NULL").withColumn("opens", opens.cast("int"))
    return known.withColumn("visit", F.sum("opens").over(in_time))


def per_visit(timeline: DataFrame) -> DataFrame:
    """Rows of the sessions table."""
    visits = timeline.groupBy("customer_id", "visit").agg(
        F.min("event_at").alias("started_at"),
        F.max("event_at").alias("ended_at"),
        F.count(F.lit(1)).alias("event_count"),
        *(_count(name) for name in _TYPES),
        _spent("purchase", "amount").alias("amount"),
        F.min(F.when(_is("campaign_click"), F.struct("event_at", "campaign_id"))).alias("click"),
        *(F.min(_of(n, "event_at")).alias(f"first_{n}") for n in ("view", "cart", "purchase")),
    )
    identity = F.concat_ws("|", "customer_id", F.unix_micros("started_at").cast("string"))
    begun = F.col("started_at").cast("bigint")
    step = (
        F.when(F.col("purchase_count") > 0, "purchased")
        .when(F.col("cart_count") > 0, "carted")
        .when(F.col("view_count") > 0, "viewed")
        .otherwise("none")
    )
    return visits.select(
        F.md5(identity).alias("session_id"),
        "customer_id",
        "started_at",
        "ended_at",
        (F.col("ended_at").cast("bigint") - begun).alias("duration_seconds"),
        "event_count",
        *(f"{name}_count" for name in _TYPES),
        "amount",
        F.col("click.campaign_id").alias("campaign_id"),
        step.alias("funnel_step"),
        *(
            (F.col(f"first_{name}").cast("bigint") - begun).alias(f"seconds_to_{name}")
            for name in ("view", "cart", "purchase")
        ),
        F.to_date("started_at").alias("session_date"),
    )


def per_customer_day(timeline: DataFrame, sessions: DataFrame) -> DataFrame:
    """Rows of the customer_daily table."""
    hour = F.hour("event_at")
    order = F.coalesce("order_id", F.unix_micros("event_at").cast("string"))
    units = F.round(F.col("quantity") * 1000).cast("bigint")
    days = timeline.groupBy("customer_id", F.to_date("event_at").alias("event_date")).agg(
        F.count(F.lit(1)).alias("event_count"),
        *(_count(name) for name in (*_TYPES, "return", "campaign_click")),
        F.count_if(_is("purchase") & (F.col("discount") > 0)).alias("discounted_count"),
        F.count_if(_is("purchase") & (F.col("coupon") > 0)).alias("coupon_count"),
        F.countDistinct(F.when(_is("purchase"), order)).alias("order_count"),
        F.count_if(hour < 6).alias("night_count"),
        F.count_if(hour.between(6, 11)).alias("morning_count"),
        F.count_if(hour.between(12, 17)).alias("afternoon_count"),
        F.sum(F.when(_is("purchase"), units).otherwise(0)).alias("unit_thousandths"),
        _spent("purchase", "amount").alias("amount"),
        _spent("purchase", "discount").alias("discount"),
        _spent("return", "amount").alias("returned_amount"),
        F.max("event_at").alias("last_event_at"),
    )
    day = ["customer_id", "event_date"]
    begun = sessions.groupBy("customer_id", F.col("session_date").alias("event_date")).agg(
        F.count(F.lit(1)).alias("session_count")
    )
    # A visit counts for each of its days by what it has come to at midnight.
    parts = timeline.groupBy("customer_id", F.to_date("event_at").alias("event_date"), "visit")
    carts = (
        parts.agg(_count("cart"), _count("purchase"))
        .where("cart_count > 0")
        .groupBy(*day)
        .agg(
            F.count(F.lit(1)).alias("cart_session_count"),
            F.count_if(F.col("purchase_count") == 0).alias("abandoned_cart_count"),
        )
    )
    counted = ["session_count", "cart_session_count", "abandoned_cart_count"]
    return days.join(begun, on=day, how="left").join(carts, on=day, how="left").fillna(0, counted)


def _is(kind: str) -> Column:
    return F.col("event_type") == kind


def _of(kind: str, name: str) -> Column:
    return F.when(_is(kind), F.col(name))


def _spent(kind: str, name: str) -> Column:
    return F.sum(F.when(_is(kind), F.col(name)).otherwise(0)).cast("decimal(18,6)")


def _count(kind: str) -> Column:
    return F.count_if(_is(kind)).alias(f"{kind}_count")
