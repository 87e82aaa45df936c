"""Clean: raw rows become events, customers and items, or go to quarantine with a reason."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events.dimensions import (
    attributes_of,
    drop_unchanged,
    per_entity_newest,
)
from insight.events.rules import (
    REPEATED,
    event_rules,
    to_events,
    with_bot_reason,
    with_reason,
    with_repetition_reason,
)
from insight.point_in_time import in_dates, keep_as_of
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMERS,
    DATA_QUALITY,
    EVENTS,
    ITEMS,
    QUARANTINE,
    RAW_CUSTOMERS,
    RAW_EVENTS,
    RAW_ITEMS,
    Table,
)

_KEPT = "kept"


def clean(run: Run) -> str | None:
    """Clean the night's raw rows; rewrite only the event dates they touch.

    Raises:
        DataQualityError: More rows are refused than the settings allow. Nothing is published.
    """
    # Asked three times: for the counts, for the sound events, for the refused ones.
    judged = _judged_events(run).persist()
    try:
        _clean(run, judged)
    finally:
        judged.unpersist()
    return None


def _clean(run: Run, judged: DataFrame) -> None:
    counts = judged.groupBy(F.coalesce("reason", F.lit(_KEPT)).alias("rule"), "event_date").count()
    tally = [(row["rule"], row["event_date"], row["count"]) for row in counts.collect()]
    by_rule: dict[str, int] = {}
    for rule, _, count in tally:
        by_rule[rule] = by_rule.get(rule, 0) + count
    _refuse_bad_night(run, by_rule)
    kept = {day for rule, day, _ in tally if rule == _KEPT}
    _publish_events(run, judged, kept | _dates_of_earlier_attempt(run) | {run.run_date})
    run.lake.publish(_refused(judged, run), QUARANTINE, where=f"run_date = '{run.run_date}'")
    quality = _quality_rows(run, by_rule)
    run.lake.publish(quality, DATA_QUALITY, where=f"run_date = '{run.run_date}'")
    _describe(run, RAW_CUSTOMERS, CUSTOMERS)
    _describe(run, RAW_ITEMS, ITEMS)


CLEAN = Stage(
    name="clean",
    reads=(RAW_EVENTS, RAW_CUSTOMERS, RAW_ITEMS),
    writes=(EVENTS, CUSTOMERS, ITEMS, QUARANTINE, DATA_QUALITY),
    work=clean,
)


def _judged_events(run: Run) -> DataFrame:
    settings = run.settings.clean
    raw = run.lake.read(RAW_EVENTS).where(F.col("ingest_date") == F.lit(run.run_date))
    reasoned = with_reason(raw, event_rules(settings, run_date=run.run_date))
    human = with_bot_reason(reasoned, max_events_per_day=settings.max_events_per_customer_day)
    judged = with_repetition_reason(human, _known_ids(run, raw))
    return judged.withColumn("event_date", F.to_date("event_at"))


def _known_ids(run: Run, raw: DataFrame) -> DataFrame | None:
    """Ids already in the lake for the dates the raw events fall on; None on a first night."""
    if run.lake.version(EVENTS) < 0:
        return None
    days = raw.select(F.to_date("event_at").alias("day")).where("day IS NOT NULL").distinct()
    dates = [row["day"] for row in days.collect()]
    events = run.lake.read(EVENTS).where(in_dates("event_date", dates))
    return events.where(F.col("ingest_date") != F.lit(run.run_date)).select("event_id")


def _publish_events(run: Run, judged: DataFrame, touched: set[date]) -> None:
    fresh = to_events(judged.where(F.col("reason").isNull()))
    where = in_dates("event_date", touched)
    if run.lake.version(EVENTS) >= 0:
        others = run.lake.read(EVENTS).where(where)
        fresh = fresh.unionByName(others.where(F.col("ingest_date") != F.lit(run.run_date)))
    run.lake.publish(fresh, EVENTS, where=where)


def _dates_of_earlier_attempt(run: Run) -> set[date]:
    """Dates that an earlier run of this date wrote: they must not keep its rows."""
    earlier = run.lake.read_or_empty(EVENTS).where(F.col("ingest_date") == F.lit(run.run_date))
    return {row["event_date"] for row in earlier.select("event_date").distinct().collect()}


def _refuse_bad_night(run: Run, by_rule: dict[str, int]) -> None:
    total = sum(by_rule.values())
    refused = {r: n for r, n in by_rule.items() if r not in (_KEPT, REPEATED)}
    share = sum(refused.values()) / total if total else 0.0
    limit = run.settings.clean.max_quarantined_share
    if share > limit:
        worst = sorted(refused.items(), key=lambda item: -item[1])[:3]
        raise DataQualityError(
            f"raw_events of {run.run_date}",
            found=f"{share:.1%} of {total} rows refused ("
            + ", ".join(f"{count} {rule}" for rule, count in worst)
            + ")",
            expected=f"at most {limit:.1%} (setting clean.max_quarantined_share)",
            next_step="look at the delivery; raise the limit only if such rows are to be expected",
        )


def _refused(judged: DataFrame, run: Run) -> DataFrame:
    refused = judged.where(F.col("reason").isNotNull())
    payload = F.to_json(F.struct(*(name for name in RAW_EVENTS.column_names)))
    return refused.select(
        F.lit(run.run_date).alias("run_date"),
        F.lit(EVENTS.name).alias("target"),
        "reason",
        "source",
        "source_file",
        # A poison row may hold megabytes; the reason and the first part tell enough.
        F.substring(payload, 1, 10_000).alias("payload"),
    )


def _quality_rows(run: Run, by_rule: dict[str, int]) -> DataFrame:
    total = sum(by_rule.values())
    rows = [
        (run.run_date, EVENTS.name, rule, count, count / total)
        for rule, count in sorted(by_rule.items())
    ]
    return run.spark.createDataFrame(rows, DATA_QUALITY.schema)


def _describe(run: Run, raw_table: Table, table: Table) -> None:
    key, attributes = table.key[0], attributes_of(table)
    raw = run.lake.read(raw_table).where(F.col("ingest_date") == F.lit(run.run_date))
    newest = per_entity_newest(raw, key=key, attributes=attributes)
    described = run.lake.read_or_empty(table).where(F.col("known_from") < F.lit(run.run_date))
    known = keep_as_of(described, key=key, as_of=run.run_date)
    changed = drop_unchanged(newest, known, key=key, attributes=attributes)
    rows = changed.withColumn("known_from", F.lit(run.run_date))
    run.lake.publish(rows, table, where=f"known_from = '{run.run_date}'")
