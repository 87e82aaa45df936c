"""What customers say, and what campaigns they are shown: cleaned row by row."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.events.repeats import REPEATED, content_of
from insight.events.rules import delivered_on, end_of_delivery
from insight.settings import CleanSettings

KINDS = ("review", "ticket", "question", "mention")

_LONGEST_TEXT = 10_000
"""Letters; whoever writes more has pasted something."""


def feedback_rules(settings: CleanSettings, *, run_date: date) -> dict[str, Column]:
    """Reason to condition for feedback; a null condition counts as not broken."""
    return {
        "malformed": F.col("malformed").isNotNull(),
        **_time_rules("created_at", settings, run_date),
        "unknown_kind": ~F.coalesce(F.col("kind").isin(*KINDS), F.lit(False)),
        "no_text": F.coalesce(clean_text("feedback_text"), F.lit("")) == "",
        "text_too_long": F.length("feedback_text") > _LONGEST_TEXT,
        "rating_out_of_bounds": ~F.col("rating").between(1, 5),
    }


def exposure_rules(settings: CleanSettings, *, run_date: date) -> dict[str, Column]:
    """Reason to condition for exposures; a null condition counts as not broken."""
    return {
        "malformed": F.col("malformed").isNotNull(),
        **_time_rules("exposed_at", settings, run_date),
        "no_customer_id": F.col("customer_id").isNull(),
        "no_campaign": F.trim(F.coalesce("campaign_id", F.lit(""))) == "",
        "ends_before_it_begins": F.col("ends_at") < F.col("exposed_at"),
    }


def with_repeated_reason(judged: DataFrame, known: DataFrame, *, key: str) -> DataFrame:
    """Marks sound rows whose key is in the lake already, or comes again in the delivery."""
    sound = F.col("reason").isNull()
    content = F.xxhash64(*content_of(judged))
    copies = Window.partitionBy(key, sound).orderBy("file_date", "source_file", content)
    there = known.select(F.col(key).alias("_known"))
    numbered = judged.withColumn("_copy", F.row_number().over(copies)).join(
        there, F.col(key) == F.col("_known"), how="left"
    )
    is_copy = sound & ((F.col("_copy") > 1) | F.col("_known").isNotNull())
    reason = F.when(is_copy, REPEATED).otherwise(F.col("reason"))
    return numbered.withColumn("reason", reason).drop("_copy", "_known")


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
        "ingest_date",
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
        delivered_on("exposed_at").alias("delivered_on"),
        F.to_date("exposed_at").alias("exposure_date"),
        "ingest_date",
    )


def clean_text(name: str) -> Column:
    """Text with single blanks, without control characters, markup or broken letters."""
    without_markup = F.regexp_replace(name, r"</?[a-zA-Z!][^>]{0,200}>", " ")
    return F.trim(F.regexp_replace(without_markup, "[\\s\\p{Cntrl}\\ufffd]+", " "))


def _time_rules(name: str, settings: CleanSettings, run_date: date) -> dict[str, Column]:
    earliest = F.lit(settings.earliest_event_date).cast("timestamp")
    return {
        f"no_{name}": F.col(name).isNull(),
        "in_the_future": F.col(name) >= end_of_delivery(settings, run_date),
        "before_earliest_date": F.col(name) < earliest,
    }
