"""Customers and items by version, feedback and exposures: each row judged and deduplicated."""

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.settings import CleanSettings

_KINDS = ("review", "ticket", "question", "mention")


def with_first_reason(rows: DataFrame, rules: dict[str, Column]) -> DataFrame:
    """Adds ``reason``: the first rule a row breaks, null for none."""
    return rows.withColumn("reason", F.coalesce(*(F.when(c, F.lit(n)) for n, c in rules.items())))


def time_rules(
    name: str, missing: str, settings: CleanSettings, run_date: date
) -> dict[str, Column]:
    """What a time must not be: null, after the run date, before the earliest date."""
    end = F.lit(run_date + timedelta(days=1)).cast("timestamp")
    earliest = F.lit(settings.earliest_event_date).cast("timestamp")
    return {
        missing: F.col(name).isNull(),
        "in_the_future": F.col(name) >= end,
        "before_earliest_date": F.col(name) < earliest,
    }


def judged_descriptions(raw: DataFrame, *, key: str) -> DataFrame:
    """Descriptions with ``reason``."""
    rules = {
        "malformed": F.col("malformed").isNotNull(),
        f"no_{key}": F.trim(F.coalesce(key, F.lit(""))) == "",
    }
    return with_first_reason(raw, rules)


def per_version(sound: DataFrame, *, key: str, attributes: tuple[str, ...]) -> DataFrame:
    """A row for each delivery that changed an entity's description."""
    newest = Window.partitionBy(key, "file_date").orderBy(
        F.desc("source_file"), *(F.desc_nulls_last(name) for name in attributes)
    )
    history = Window.partitionBy(key).orderBy("file_date")
    now = F.struct(*attributes)
    return (
        sound.withColumn("place", F.row_number().over(newest))
        .where("place = 1")
        .withColumn("before", F.lag(now).over(history))
        .where(~F.col("before").eqNullSafe(now))
        .select(key, *attributes, F.col("file_date").alias("known_from"))
    )


def per_price_version(items: DataFrame) -> DataFrame:
    """Items' versions without those that differ in stock alone, with the time they hold."""
    history = Window.partitionBy("item_id").orderBy("known_from")
    now = F.struct("category", "brand", "price")
    end = F.lit("9999-12-31").cast("date")
    return (
        items.withColumn("before", F.lag(now).over(history))
        .where(~F.col("before").eqNullSafe(now))
        .select(
            F.col("item_id").alias("version_of"),
            "category",
            "brand",
            F.col("price").alias("list_price"),
            F.col("known_from").alias("valid_from"),
            F.lead("known_from", 1).over(history).alias("next"),
        )
        .withColumn("valid_until", F.coalesce("next", end))
        .drop("next")
    )


def judged_feedback(raw: DataFrame, settings: CleanSettings, run_date: date) -> DataFrame:
    """Feedback with ``reason`` and clean texts."""
    rules = {
        "malformed": F.col("malformed").isNotNull(),
        **time_rules("created_at", "no_created_at", settings, run_date),
        "unknown_kind": ~F.coalesce(F.col("kind").isin(*_KINDS), F.lit(False)),
        "no_text": F.coalesce(clean_text("feedback_text"), F.lit("")) == "",
        "text_too_long": F.length("feedback_text") > 10_000,
        "rating_out_of_bounds": ~F.col("rating").between(1, 5),
    }
    return without_copies(with_first_reason(raw, rules), key="feedback_id")


def judged_exposures(raw: DataFrame, settings: CleanSettings, run_date: date) -> DataFrame:
    """Exposures with ``reason``."""
    rules = {
        "malformed": F.col("malformed").isNotNull(),
        **time_rules("exposed_at", "no_exposed_at", settings, run_date),
        "no_customer_id": F.col("customer_id").isNull(),
        "no_campaign": F.trim(F.coalesce("campaign_id", F.lit(""))) == "",
        "ends_before_it_begins": F.col("ends_at") < F.col("exposed_at"),
    }
    return without_copies(with_first_reason(raw, rules), key="exposure_id")


def without_copies(judged: DataFrame, *, key: str) -> DataFrame:
    """Marks all but the first delivery of a sound row as repeated."""
    sound = F.col("reason").isNull()
    copies = Window.partitionBy(key, sound).orderBy("file_date", "source_file")
    is_copy = sound & (F.col("place") > 1)
    return (
        judged.withColumn("place", F.row_number().over(copies))
        .withColumn("reason", F.when(is_copy, "repeated").otherwise(F.col("reason")))
        .drop("place")
    )


def to_feedback(sound: DataFrame) -> DataFrame:
    """Rows of the feedback table."""
    return sound.select(
        "feedback_id",
        "created_at",
        "kind",
        "customer_id",
        F.trim("item_id").alias("item_id"),
        "rating",
        "channel",
        clean_text("feedback_text").alias("feedback_text"),
        clean_text("reply_text").alias("reply_text"),
        "source",
        F.to_date("created_at").alias("feedback_date"),
    )


def to_exposures(sound: DataFrame) -> DataFrame:
    """Rows of the exposures table."""
    return sound.select(
        "exposure_id",
        "exposed_at",
        "ends_at",
        "customer_id",
        F.trim("campaign_id").alias("campaign_id"),
        "channel",
        "category",
        "source",
        "file_date",
        "covers_from",
        F.col("file_date").alias("delivered_on"),
        F.to_date("exposed_at").alias("exposure_date"),
    )


def clean_text(name: str) -> Column:
    """Text with single blanks, without control characters, markup or broken letters."""
    plain = F.regexp_replace(name, r"<[^>]{1,200}>", " ")
    return F.trim(F.regexp_replace(plain, "[\\s\\p{Cntrl}\\ufffd]+", " "))
