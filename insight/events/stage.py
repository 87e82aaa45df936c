"""Clean: raw rows become events, customers and items, or go to quarantine with a reason."""

from collections.abc import Iterable
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.events import dimensions
from insight.events.refusals import (
    KEPT,
    Counts,
    counts_of,
    quality_rows,
    refuse_bad_night,
    refused_rows,
)
from insight.events.rules import (
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

_DIMENSIONS = {CUSTOMERS: RAW_CUSTOMERS, ITEMS: RAW_ITEMS}
"""Described tables, and the raw rows that describe them."""


def clean(run: Run) -> str | None:
    """Clean the night's raw rows; rewrite only the event dates they touch.

    What is refused is published first, so that a night that stops can be looked into.

    Raises:
        DataQualityError: More rows are refused than the settings allow. Nothing else is
            published.
    """
    # Asked three times: for the counts, for the sound events, for the refused ones.
    judged = _judged_events(run).persist()
    try:
        _clean(run, judged)
    finally:
        judged.unpersist()
    return None


def _clean(run: Run, judged: DataFrame) -> None:
    by_date = judged.groupBy(F.coalesce("reason", F.lit(KEPT)).alias("rule"), "event_date").count()
    tally = [(row["rule"], row["event_date"], row["count"]) for row in by_date.collect()]
    described = {table: _judged_dimension(run, raw, table) for table, raw in _DIMENSIONS.items()}
    counts: dict[Table, Counts] = {EVENTS: _total(tally)}
    counts |= {table: counts_of(rows) for table, rows in described.items()}
    where = f"run_date = '{run.run_date}'"
    refused = {EVENTS: (RAW_EVENTS, judged)}
    refused |= {table: (_DIMENSIONS[table], rows) for table, rows in described.items()}
    run.lake.publish(refused_rows(refused, run.run_date), QUARANTINE, where=where)
    quality = run.spark.createDataFrame(quality_rows(counts, run.run_date), DATA_QUALITY.schema)
    run.lake.publish(quality, DATA_QUALITY, where=where)
    limit = run.settings.clean.max_quarantined_share
    refuse_bad_night(counts, run.run_date, limit=limit)
    kept = {day for rule, day, _ in tally if rule == KEPT}
    _publish_events(run, judged, kept | _dates_of_earlier_attempt(run) | {run.run_date})
    for table, rows in described.items():
        _describe(run, rows.where(F.col("reason").isNull()), table)


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


def _total(tally: Iterable[tuple[str, date, int]]) -> Counts:
    by_rule: dict[str, int] = {}
    for rule, _, count in tally:
        by_rule[rule] = by_rule.get(rule, 0) + count
    return by_rule


def _judged_dimension(run: Run, raw_table: Table, table: Table) -> DataFrame:
    raw = run.lake.read(raw_table).where(F.col("ingest_date") == F.lit(run.run_date))
    return dimensions.with_reason(raw, key=table.key[0])


def _describe(run: Run, sound: DataFrame, table: Table) -> None:
    key, attributes = table.key[0], dimensions.attributes_of(table)
    newest = dimensions.per_entity_newest(sound, key=key, attributes=attributes)
    described = run.lake.read_or_empty(table).where(F.col("known_from") < F.lit(run.run_date))
    known = keep_as_of(described, key=key, as_of=run.run_date)
    changed = dimensions.drop_unchanged(newest, known, key=key, attributes=attributes)
    rows = changed.withColumn("known_from", F.lit(run.run_date))
    run.lake.publish(rows, table, where=f"known_from = '{run.run_date}'")
