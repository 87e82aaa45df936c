"""Clean events: window functions over all rows for bots, repeats and outliers."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from bench.lake.plain_spark.described import time_rules, with_first_reason
from bench.lake.plain_spark.repeats import with_near_repeats_marked, with_repeats_marked
from insight.settings import CleanSettings

_TYPES = ("view", "search", "cart", "purchase", "return", "campaign_click")
_MONEY = "decimal(18,6)"


def judged_events(
    raw: DataFrame, versions: DataFrame, settings: CleanSettings, *, run_date: date
) -> DataFrame:
    """All raw rows with their clean values and ``reason``."""
    described = _described(raw, versions)
    ruled = with_first_reason(described, _rules(settings, run_date))
    bounded = _with_bounds(ruled, settings)
    humans = _with_bots_marked(bounded, settings)
    once = with_repeats_marked(humans)
    return with_near_repeats_marked(once, span=round(settings.near_repeat_seconds * 1_000_000))


def to_events(sound: DataFrame) -> DataFrame:
    """Rows of the events table, values beyond their bounds capped."""
    is_dear = F.coalesce(F.col("is_sale") & (F.col("paid") > F.col("price_bound")), F.lit(False))
    is_much = F.coalesce(
        F.col("is_sale") & (F.col("units") > F.col("quantity_bound")), F.lit(False)
    )
    marks = F.concat_ws(
        ",", "imputed", F.when(is_dear, "price_capped"), F.when(is_much, "quantity_capped")
    )
    price = F.when(is_dear, F.col("price_bound")).otherwise(F.col("paid"))
    quantity = F.when(is_much, F.col("quantity_bound")).otherwise(F.col("units"))
    amount = F.col("quantity") * F.coalesce("price", F.lit(0.0))
    capped = sound.withColumns({"price": price, "quantity": quantity, "marks": marks})
    return capped.select(
        "event_id",
        "event_at",
        "event_type",
        "customer_id",
        F.col("item").alias("item_id"),
        "category",
        "brand",
        "order_id",
        "quantity",
        "price",
        amount.cast(_MONEY).alias("amount"),
        F.coalesce("discount", F.lit(0.0)).cast(_MONEY).alias("discount"),
        F.coalesce("coupon", F.lit(0.0)).cast(_MONEY).alias("coupon"),
        "currency",
        "campaign_id",
        F.col("query").alias("search_text"),
        F.when(F.col("marks") != "", F.col("marks")).alias("corrections"),
        "country",
        "source",
        "file_date",
        "covers_from",
        # Every simulated file is for one day.
        F.col("file_date").alias("delivered_on"),
        F.to_date("event_at").alias("event_date"),
    )


def per_return(events: DataFrame, *, days: int) -> DataFrame:
    """Each return with the newest purchase of the item before it."""
    returns = events.where("event_type = 'return'")
    bought = events.where("event_type = 'purchase'").select(
        F.col("customer_id").alias("buyer"),
        F.col("item_id").alias("bought_item"),
        F.col("file_date").alias("bought_date"),
        F.struct("event_at", "event_id").alias("purchase"),
    )
    on = (
        (F.col("customer_id") == F.col("buyer"))
        & (F.col("item_id") == F.col("bought_item"))
        & (F.col("bought_date") <= F.col("file_date"))
        & (F.col("purchase.event_at") <= F.col("event_at"))
        & (F.col("purchase.event_at") >= F.col("event_at") - F.expr(f"INTERVAL {days} DAYS"))
    )
    newest = Window.partitionBy("event_id").orderBy(F.desc("purchase"))
    seconds = F.col("event_at").cast("bigint") - F.col("purchase.event_at").cast("bigint")
    return (
        returns.join(bought, on, how="left")
        .withColumn("place", F.row_number().over(newest))
        .where("place = 1")
        .select(
            F.col("event_id").alias("return_event_id"),
            F.col("purchase.event_id").alias("purchase_event_id"),
            "customer_id",
            "item_id",
            F.col("quantity").alias("units"),
            "amount",
            seconds.alias("seconds_to_return"),
            "event_date",
        )
    )


def _described(raw: DataFrame, versions: DataFrame) -> DataFrame:
    item, is_sale = F.trim("item_id"), F.col("event_type").isin("purchase", "return")
    query = F.trim(F.lower(F.regexp_replace("search_text", r"[\s\p{Cntrl}]+", " ")))
    clean = raw.withColumns(
        {
            "item": F.when(item != "", item),
            "query": F.when(query != "", F.substring(query, 1, 200)),
            "is_sale": F.coalesce(is_sale, F.lit(False)),
        }
    )
    on = "item = version_of AND file_date >= valid_from AND file_date < valid_until"
    lacks_price = F.col("is_sale") & F.col("price").isNull()
    a_look = F.col("quantity").isNull() & ~F.col("is_sale")
    return clean.join(F.broadcast(versions), F.expr(on), how="left").withColumns(
        {
            "imputed": F.when(lacks_price, "price_imputed"),
            "paid": F.when(lacks_price, F.col("list_price")).otherwise(F.col("price")),
            "units": F.when(a_look, 1.0).otherwise(F.col("quantity")),
        }
    )


def _rules(settings: CleanSettings, run_date: date) -> dict[str, Column]:
    oldest = F.date_sub("covers_from", settings.late_days).cast("timestamp")
    without_item = F.col("event_type").isin("search", "campaign_click")
    return {
        "malformed": F.col("malformed").isNotNull(),
        **time_rules("event_at", "no_event_time", settings, run_date),
        "too_late": F.col("event_at") < oldest,
        "unknown_event_type": ~F.coalesce(F.col("event_type").isin(*_TYPES), F.lit(False)),
        "no_item": F.col("item").isNull() & ~without_item,
        "text_not_clean": _text_not_clean(settings.max_text_length),
        "currency_not_a_code": ~F.col("currency").rlike(r"\A[A-Z]{3}\z"),
        "no_quantity": F.col("units").isNull(),
        "quantity_not_positive": F.col("units") <= 0,
        "quantity_too_large": F.col("units") > settings.max_quantity,
        "no_price": F.col("is_sale") & F.col("paid").isNull(),
        "price_negative": F.col("paid") < 0,
        "price_too_large": F.col("paid") > settings.max_price,
        "discount_negative": F.col("discount") < 0,
        "discount_too_large": F.col("discount") > settings.max_price,
        "coupon_negative": F.col("coupon") < 0,
        "coupon_too_large": F.col("coupon") > settings.max_price,
    }


def _text_not_clean(longest: int) -> Column:
    unclean = F.lit(False)
    for name in ("item", "order_id", "country", "campaign_id"):
        bad = (F.length(name) > longest) | F.col(name).rlike("[\\u0000-\\u001f\\ufffd]")
        unclean = unclean | F.coalesce(bad, F.lit(False))
    return unclean


def _with_bounds(ruled: DataFrame, settings: CleanSettings) -> DataFrame:
    """Robust z-scores of logarithms per delivery and category."""
    sales = ruled.where("is_sale AND reason IS NULL").select(
        F.col("file_date").alias("bound_date"),
        F.coalesce("category", F.lit("")).alias("bound_category"),
        F.expr("CASE WHEN paid > 0 THEN ln(paid) END").alias("price"),
        F.expr("CASE WHEN units > 0 THEN ln(units) END").alias("quantity"),
    )
    group, names = ["bound_date", "bound_category"], ("price", "quantity")
    centres = sales.groupBy(*group).agg(
        *(F.expr(f"percentile({name}, 0.5)").alias(f"{name}_median") for name in names)
    )
    spreads = (
        sales.join(centres, on=group, how="inner")
        .groupBy(*group)
        .agg(
            *(F.count(name).alias(f"{name}_rows") for name in names),
            *(F.first(f"{name}_median").alias(f"{name}_median") for name in names),
            *(
                F.expr(f"percentile(abs({name} - {name}_median), 0.5)").alias(f"{name}_mad")
                for name in names
            ),
        )
    )
    bounds = spreads.select(*group, *(_bound(name, settings) for name in names))
    on = "file_date = bound_date AND coalesce(category, '') = bound_category"
    return ruled.join(F.broadcast(bounds), F.expr(on), how="left")


def _bound(name: str, settings: CleanSettings) -> Column:
    reach = F.lit(settings.outlier_limit * 1.4826) * F.col(f"{name}_mad")
    least = F.log(F.lit(settings.outlier_min_factor))
    bound = F.exp(F.col(f"{name}_median") + F.greatest(reach, least))
    enough = F.col(f"{name}_rows") >= settings.outlier_min_rows
    return F.when(enough, bound).alias(f"{name}_bound")


def _with_bots_marked(ruled: DataFrame, settings: CleanSettings) -> DataFrame:
    known = ruled.where("customer_id IS NOT NULL AND event_at IS NOT NULL")
    days = known.groupBy("customer_id", "file_date", F.to_date("event_at")).agg(
        F.count(F.lit(1)).alias("events"), F.countDistinct(F.hour("event_at")).alias("hours")
    )
    busy = F.col("events") >= settings.bot_min_events
    deliveries = days.groupBy("customer_id", "file_date").agg(
        F.max("events").alias("busiest"),
        F.sum("events").alias("events"),
        F.max(F.when(busy, F.col("hours")).otherwise(0)).alias("hours"),
    )
    totals = ruled.groupBy("file_date").agg(F.count(F.lit(1)).alias("total"))
    too_much = F.col("events") > settings.max_customer_share * F.col("total")
    is_bot = (
        (F.col("busiest") > settings.max_events_per_customer_day)
        | (F.col("hours") > settings.max_active_hours)
        | ((F.col("busiest") >= settings.bot_min_events) & too_much)
    )
    bots = (
        deliveries.join(totals, on="file_date", how="inner")
        .where(is_bot)
        .select("customer_id", "file_date", F.lit(True).alias("is_bot"))
    )
    marked = ruled.join(F.broadcast(bots), on=["customer_id", "file_date"], how="left")
    bot = F.when(F.col("reason").isNull() & F.col("is_bot"), "bot").otherwise(F.col("reason"))
    return marked.withColumn("reason", bot)
