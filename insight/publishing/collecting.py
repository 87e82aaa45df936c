"""Reads the morning page's facts from the lake; only counts and sums leave the executors."""

from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.delta import Lake
from insight.publishing.facts import (
    LoggedRow,
    MeasuredMetric,
    Morning,
    RecommendedItem,
    RuleCount,
    ScoredNight,
)
from insight.tables import (
    CUSTOMER_SCORES,
    DATA_QUALITY,
    EVALUATION,
    ITEMS,
    QUARANTINE,
    RECOMMENDATIONS,
    RUN_LOG,
)

LIKELY = 0.5
"""From this probability on, a customer counts as a likely buyer or leaver."""

STEPS = 20
"""Bars of a histogram."""

_LOOK_BACK_DAYS = 7
_TOP_ITEMS = 10
_PROBABILITIES = {"purchase": "purchase_probability", "churn": "churn_probability"}


def collect_morning(lake: Lake, run_date: date) -> Morning:
    """All facts that are there for a date; a table never written leaves its part empty."""
    scores = lake.read_or_empty(CUSTOMER_SCORES)
    nights = _nights(scores, run_date)
    tonight = F.col("score_date") == F.lit(run_date)
    items = lake.read_or_empty(ITEMS).where(F.col("known_from") <= F.lit(run_date))
    recommended = lake.read_or_empty(RECOMMENDATIONS).where(tonight)
    quality = lake.read_or_empty(DATA_QUALITY).where(F.col("run_date") == F.lit(run_date))
    refused = lake.read_or_empty(QUARANTINE).where(F.col("run_date") == F.lit(run_date))
    evaluated_on, metrics = _metrics(lake.read_or_empty(EVALUATION), run_date)
    return Morning(
        run_date,
        nights=nights,
        histograms=_histograms(scores.where(tonight)),
        evaluated_on=evaluated_on,
        metrics=metrics,
        top_items=_top_items(recommended, items),
        quality=_quality(quality),
        quarantined=_quarantined(refused),
        log=_log(lake.read_or_empty(RUN_LOG), run_date),
    )


def _nights(scores: DataFrame, run_date: date) -> tuple[ScoredNight, ...]:
    # A week, not all of history: the page must not grow dearer every night.
    first = run_date - timedelta(days=_LOOK_BACK_DAYS)
    recent = scores.where(F.col("score_date").between(F.lit(first), F.lit(run_date)))
    rows = (
        recent.groupBy("score_date")
        .agg(
            # What keeps an earlier score may be of an earlier champion.
            F.max_by("model_version", "scored_on").alias("model_version"),
            F.count(F.lit(1)).alias("customers"),
            F.count_if(F.col("scored_on") < F.col("score_date")).alias("carried_over"),
            F.count_if(F.col("purchase_probability") >= LIKELY).alias("likely_buyers"),
            F.sum("purchase_probability").alias("expected_buyers"),
            F.count_if(F.col("churn_probability") >= LIKELY).alias("likely_leavers"),
            F.coalesce(F.sum("churn_probability"), F.lit(0.0)).alias("expected_leavers"),
        )
        .orderBy("score_date")
        .collect()
    )
    return tuple(ScoredNight(**row.asDict()) for row in rows)


def _histograms(scores: DataFrame) -> dict[str, tuple[int, ...]] | None:
    pairs = (
        F.struct(F.lit(task).alias("task"), F.col(column).alias("probability"))
        for task, column in _PROBABILITIES.items()
    )
    step = F.least(F.floor(F.col("probability") * STEPS), F.lit(STEPS - 1))
    counted = (
        scores.select(F.inline(F.array(*pairs)))
        .where(F.col("probability").isNotNull())
        .groupBy("task", step.alias("step"))
        .count()
        .collect()
    )
    if not counted:
        return None
    count_at = {(row["task"], row["step"]): row["count"] for row in counted}
    return {
        task: tuple(count_at.get((task, step), 0) for step in range(STEPS))
        for task in _PROBABILITIES
    }


def _metrics(
    evaluation: DataFrame, run_date: date
) -> tuple[date | None, tuple[MeasuredMetric, ...]]:
    known = evaluation.where(F.col("run_date") <= F.lit(run_date))
    newest = known.agg(F.max("run_date").alias("run_date")).first()
    if newest is None or newest["run_date"] is None:
        return None, ()
    rows = known.where(F.col("run_date") == F.lit(newest["run_date"])).where("slice = 'all'")
    ordered = rows.drop("run_date", "slice").orderBy("task", "metric", "contender").collect()
    return newest["run_date"], tuple(MeasuredMetric(**row.asDict()) for row in ordered)


def _top_items(recommended: DataFrame, items: DataFrame) -> tuple[RecommendedItem, ...]:
    top = (
        recommended.groupBy("item_id")
        .agg(
            F.count(F.lit(1)).alias("customers"),
            F.count_if(F.col("rank") == 1).alias("firsts"),
        )
        .orderBy(F.desc("customers"), F.desc("firsts"), "item_id")
        .limit(_TOP_ITEMS)
    )
    newest = items.groupBy("item_id").agg(
        F.max_by(F.struct("title", "category"), "known_from").alias("description")
    )
    rows = (
        top.join(newest, on="item_id", how="left")
        .select("item_id", "description.title", "description.category", "customers", "firsts")
        .orderBy(F.desc("customers"), F.desc("firsts"), "item_id")
        .collect()
    )
    return tuple(RecommendedItem(**row.asDict()) for row in rows)


def _quality(quality: DataFrame) -> tuple[RuleCount, ...]:
    rows = quality.drop("run_date").orderBy("target", F.desc("row_count"), "rule").collect()
    return tuple(RuleCount(**row.asDict()) for row in rows)


def _quarantined(refused: DataFrame) -> tuple[RuleCount, ...]:
    counted = refused.groupBy("target", F.col("reason").alias("rule")).agg(
        F.count(F.lit(1)).alias("row_count")
    )
    rows = counted.orderBy("target", F.desc("row_count"), "rule").collect()
    return tuple(RuleCount(**row.asDict()) for row in rows)


def _log(run_log: DataFrame, run_date: date) -> tuple[LoggedRow, ...]:
    """The newest run of each stage: a stage may have been run again by itself."""
    logged = run_log.where(F.col("run_date") == F.lit(run_date))
    rows = logged.orderBy("logged_at", "run_id", "sequence").collect()
    newest_run = {row["stage"]: row["run_id"] for row in rows}
    return tuple(_logged(row) for row in rows if row["run_id"] == newest_run[row["stage"]])


def _logged(row: Any) -> LoggedRow:
    names = LoggedRow.__dataclass_fields__
    return LoggedRow(**{name: row[name] for name in names})
