"""A customer's events in order of time: visits, and days. One shuffle, one sort for both."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.money import from_millionths, to_millionths
from insight.partitions import together_by
from insight.settings import SessionSettings
from insight.snapshots.timeline import Timeline
from insight.tables import CUSTOMER_DAILY, SESSIONS
from insight.tables.events import EVENT_TYPES

_VISIT_FIELDS = (
    "customer_id string, started_at timestamp, ended_at timestamp, duration_seconds bigint, "
    "event_count bigint, view_count bigint, search_count bigint, cart_count bigint, "
    "purchase_count bigint, amount bigint, campaign_id string, seconds_to_view bigint, "
    "seconds_to_cart bigint, seconds_to_purchase bigint"
)
_DAY_FIELDS = (
    "customer_id string, event_count bigint, view_count bigint, search_count bigint, "
    "cart_count bigint, purchase_count bigint, return_count bigint, campaign_click_count bigint, "
    "discounted_count bigint, coupon_count bigint, order_count bigint, session_count bigint, "
    "cart_session_count bigint, abandoned_cart_count bigint, night_count bigint, "
    "morning_count bigint, afternoon_count bigint, unit_thousandths bigint, "
    "amount bigint, discount bigint, returned_amount bigint, "
    "last_event_at timestamp, event_date date"
)

_MONEY_OF_A_DAY = ("amount", "discount", "returned_amount")

_SCHEMA = f"visit struct<{_VISIT_FIELDS}>, day struct<{_DAY_FIELDS}>"


def per_visit_and_day(events: DataFrame, *, settings: SessionSettings) -> DataFrame:
    """``visit, day``: every visit and every day of known customers, side by side.

    The two have nothing to do with each other but that both come from one ordered reading of
    a customer's events; either is null where there are fewer of it. Integers are sorted in
    numpy: as windows over rows it takes twice the time (docs/decisions/0005). Money is in
    millionths here.

    Args:
        events: Clean events; those of guests are left out.
        settings: What opens a visit.
    """
    rules = settings.model_dump()

    def ordered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = list(batches)
        if parts:
            yield Timeline.of(pa.Table.from_batches(parts), **rules).side_by_side()

    return together_by(_narrow(events), "customer_id").mapInArrow(ordered, _SCHEMA)


def to_sessions(both: DataFrame) -> DataFrame:
    """Rows of the sessions table from ``per_visit_and_day``."""
    visits = both.where("visit IS NOT NULL").select("visit.*")
    identity = F.concat_ws("|", "customer_id", F.unix_micros("started_at").cast("string"))
    reached = (("purchase_count", "purchased"), ("cart_count", "carted"), ("view_count", "viewed"))
    steps = [F.when(F.col(count) > 0, F.lit(step)) for count, step in reached]
    return visits.select(
        F.md5(identity).alias("session_id"),
        *(name for name in visits.columns if name != "amount"),
        from_millionths(F.col("amount")).alias("amount"),
        F.coalesce(*steps, F.lit("none")).alias("funnel_step"),
        F.to_date("started_at").alias("session_date"),
    ).select(*SESSIONS.column_names)


def to_customer_daily(both: DataFrame) -> DataFrame:
    """Rows of the customer_daily table from ``per_visit_and_day``."""
    days = both.where("day IS NOT NULL").select("day.*")
    amounts = {name: from_millionths(F.col(name)) for name in _MONEY_OF_A_DAY}
    return days.withColumns(amounts).select(*CUSTOMER_DAILY.column_names)


def _narrow(events: DataFrame) -> DataFrame:
    """What the timeline needs, as integers wherever it can be."""
    kinds = [F.when(F.col("event_type") == name, n) for n, name in enumerate(EVENT_TYPES)]
    bought = F.col("event_type") == "purchase"
    # Without an order's name each moment of purchase is an order.
    has_order = F.col("order_id").isNotNull()
    order = F.when(has_order, F.xxhash64("order_id")).otherwise(F.unix_micros("event_at"))
    units = F.round(F.col("quantity") * 1000).cast("bigint")
    return events.where("customer_id IS NOT NULL").select(
        "customer_id",
        F.unix_micros("event_at").alias("micros"),
        F.coalesce(*kinds).cast("tinyint").alias("kind"),
        F.when(bought, order).otherwise(0).alias("order_key"),
        F.when(bought, units).otherwise(0).alias("units"),
        *(to_millionths(F.col(name)).alias(name) for name in ("amount", "discount", "coupon")),
        F.when(F.col("event_type") == "campaign_click", F.col("campaign_id")).alias("campaign_id"),
    )
