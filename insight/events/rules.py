"""What a row breaks by itself, in the order it is asked: the first rule names the row."""

from collections.abc import Sequence
from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.money import MOST
from insight.settings import CleanSettings
from insight.tables.events import EVENT_TYPES

WITHOUT_ITEM = ("search", "campaign_click")
"""Types of events that need not be about an item."""

_SALES = ("purchase", "return")
_NAMES = ("event_id", "item_id", "order_id", "country", "campaign_id")


def event_rules(settings: CleanSettings, *, run_date: date) -> dict[str, Column]:
    """Reason to condition; a null condition counts as not broken."""
    earliest = F.lit(settings.earliest_event_date).cast("timestamp")
    oldest_on_time = F.col("covers_from_at") - F.expr(f"INTERVAL {settings.late_days} DAYS")
    return {
        "malformed": F.col("malformed").isNotNull(),
        "no_event_time": F.col("event_at").isNull(),
        "in_the_future": F.col("event_at") >= end_of_delivery(settings, run_date),
        "before_earliest_date": F.col("event_at") < earliest,
        "too_late": F.col("event_at") < oldest_on_time,
        "unknown_event_type": ~_is_type(*EVENT_TYPES),
        "no_item": ~_is_type(*WITHOUT_ITEM) & (F.coalesce(F.trim("item_id"), F.lit("")) == ""),
        "text_not_clean": text_not_clean(_NAMES, settings.max_text_length),
        **currency_rules(settings),
        "no_quantity": is_sale() & F.col("quantity").isNull(),
        "quantity_not_positive": F.col("quantity") <= 0,
        "quantity_too_large": _above("quantity", settings.max_quantity),
        "no_price": is_sale() & F.col("price").isNull(),
        "price_negative": F.col("price") < 0,
        "price_too_large": _above("price", settings.max_price),
        **_amount_rules(settings),
        "discount_negative": F.col("discount") < 0,
        "discount_too_large": _above("discount", settings.max_price),
        "coupon_negative": F.col("coupon") < 0,
        "coupon_too_large": _above("coupon", settings.max_price),
    }


def currency_rules(settings: CleanSettings) -> dict[str, Column]:
    """Why the currency of an event or item cannot be taken; a row without one is in the shop's."""
    rules = {"currency_not_a_code": ~is_currency_code()}
    if settings.currency:
        rules["other_currency"] = F.col("currency") != settings.currency
    return rules


def is_currency_code() -> Column:
    """Whether a currency has the form of ISO 4217; null without one."""
    return F.col("currency").rlike(r"\A[A-Z]{3}\z")


def _amount_rules(settings: CleanSettings) -> dict[str, Column]:
    """An amount that no table holds, if the limits of price and quantity let one pass."""
    if settings.max_price * settings.max_quantity < MOST:
        return {}
    return {"amount_too_large": F.col("quantity") * F.col("price") >= MOST}


def with_reason(raw_events: DataFrame, rules: dict[str, Column]) -> DataFrame:
    """Adds ``reason``: the first rule the row breaks, null for none."""
    broken = [F.when(condition, F.lit(reason)) for reason, condition in rules.items()]
    return raw_events.withColumn("reason", F.coalesce(*broken))


def end_of_delivery(settings: CleanSettings, run_date: date) -> Column:
    """The moment from which a row lies in the future of its delivery.

    That is the end of the file's last date in the feed's own time zone, whichever night reads
    the file, plus ``clean.future_hours``.
    """
    # No file is read before its date. If one were, the end of the run date would bound it.
    is_early = F.col("file_date") > F.lit(run_date)
    end_of_run = F.lit(run_date + timedelta(days=1)).cast("timestamp")
    end = F.when(is_early, end_of_run).otherwise(F.col("covers_until_at"))
    return end + F.expr(f"INTERVAL {settings.future_hours} HOURS") if settings.future_hours else end


def delivered_on(moment: str) -> Column:
    """Date whose nightly delivery brings a row that happened at ``moment``.

    A file of one day is that day's delivery. A file of many days stands for a delivery on each
    of them, so its rows count from their own date, in the feed's zone. A row from before the
    file's first date is late: it counts from the file's last date.
    """
    # By the zone's own clock: a date has 23 or 25 hours when clocks change.
    there = F.from_utc_timestamp(moment, F.col("date_zone"))
    # Zones are parsed row by row, which most rows can do without.
    own_date = F.to_date(F.when(F.col("date_zone") == "UTC", F.col(moment)).otherwise(there))
    of_many_days = F.col("covers_from") < F.col("file_date")
    on_time = of_many_days & (F.col(moment) >= F.col("covers_from_at"))
    return F.when(on_time, F.least("file_date", own_date)).otherwise(F.col("file_date"))


def is_sale() -> Column:
    """Whether money changed hands."""
    return _is_type(*_SALES)


def is_purchase() -> Column:
    """Whether something was bought."""
    return _is_type("purchase")


def _is_type(*names: str) -> Column:
    return F.coalesce(F.col("event_type").isin(*names), F.lit(False))


def _above(name: str, limit: float) -> Column:
    # NaN compares as greater than any number in Spark, and is refused here with infinity.
    return F.col(name) > limit


def text_not_clean(names: Sequence[str], max_length: int) -> Column:
    """Control characters, broken UTF-8 (read as U+FFFD), or more text than an id can hold."""
    broken = F.lit(False)
    # One by one: most are null, and a null is not looked into.
    for name in names:
        text = F.col(name)
        unclean = (F.length(text) > max_length) | text.rlike("[\\u0000-\\u001f\\ufffd]")
        broken = broken | F.coalesce(unclean, F.lit(False))
    return broken
