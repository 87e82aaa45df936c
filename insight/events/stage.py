"""Clean: raw rows become events and what describes them, or go to quarantine with a reason."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial, reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events import dimensions, voices
from insight.events.collisions import Collision, collisions, noted_collisions
from insight.events.currencies import refuse_mixed_currencies
from insight.events.identities import DIFFERS, EXPOSURE, FEEDBACK_ENTRY, with_distinct_ids
from insight.events.judgement import judged_events
from insight.events.refusals import (
    KEPT,
    Counts,
    noted_shifts,
    quality_rows,
    refuse_night,
    refused_rows,
)
from insight.events.returns import per_return
from insight.events.rules import with_reason
from insight.local_frames import local_frame
from insight.point_in_time import in_dates
from insight.stages import Run, Stage
from insight.tables import (
    CUSTOMERS,
    DATA_QUALITY,
    EVENTS,
    EXPOSURES,
    FEEDBACK,
    ITEM_PRICES,
    ITEMS,
    QUARANTINE,
    RAW_CUSTOMERS,
    RAW_EVENTS,
    RAW_EXPOSURES,
    RAW_FEEDBACK,
    RAW_ITEMS,
    RETURNS,
    Table,
)

RAW_OF = {
    CUSTOMERS: RAW_CUSTOMERS,
    ITEMS: RAW_ITEMS,
    FEEDBACK: RAW_FEEDBACK,
    EXPOSURES: RAW_EXPOSURES,
    EVENTS: RAW_EVENTS,
}
"""Each clean table and the raw rows it is made of."""


def clean(run: Run) -> str | None:
    """Clean the night's raw rows into files of their own; no other night's are rewritten.

    What is refused is published first, so that a night that stops can be looked into.

    Raises:
        DataQualityError: More rows are refused than the settings allow, prices moved as a
            whole, or they are in two currencies. Nothing else is published.
    """
    came = _rows_that_came(run)
    judged = {table: _JUDGES[table](run, table) for table in _JUDGES if came[table]}
    fresh = {
        table: _FORMS[table](run, rows.where("reason IS NULL")) for table, rows in judged.items()
    }
    items = run.lake.read_or_empty(ITEMS).where(f"ingest_date < '{run.run_date}'")
    if ITEMS in fresh:
        items = items.unionByName(fresh[ITEMS])
    with judged_events(run, _rows_of(run, EVENTS), items) as events:
        counts = _quarantine(run, {**judged, EVENTS: events.refused}, came)
        found = _collisions(run, {**judged, EVENTS: events.compared})
        noted = {table: noted_collisions(found, table.name) for table in counts}
        noted[EVENTS] = {**noted.get(EVENTS, {}), **noted_shifts(events.shifts)}
        try:
            # Prices in another currency look like prices that moved.
            refuse_mixed_currencies(run, [events.sound, *fresh.values()])
            refuse_night(counts, events.shifts, found, run.run_date, run.settings)
        except DataQualityError:
            _publish_quality(run, counts, noted)
            raise
        for table in _JUDGES:
            _publish(run, fresh.get(table), table)
        kept = counts[EVENTS][KEPT] if EVENTS in counts else 0
        run.lake.publish(events.sound, EVENTS, where=_night(run), rows=kept)
        _publish(run, _returns(run, events.sales), RETURNS)
        _publish(run, events.prices, ITEM_PRICES)
        noted[EVENTS] = {**noted[EVENTS], **_corrections(run, events.sales)}
    _publish_quality(run, counts, noted)
    return None


CLEAN = Stage(
    name="clean",
    reads=(RAW_EVENTS, RAW_CUSTOMERS, RAW_ITEMS, RAW_FEEDBACK, RAW_EXPOSURES),
    writes=(
        CUSTOMERS,
        ITEMS,
        FEEDBACK,
        EXPOSURES,
        EVENTS,
        RETURNS,
        ITEM_PRICES,
        QUARANTINE,
        DATA_QUALITY,
    ),
    work=clean,
)


def _night(run: Run) -> str:
    return f"ingest_date = '{run.run_date}'"


def _rows_of(run: Run, table: Table) -> DataFrame:
    return run.lake.read(RAW_OF[table]).where(_night(run))


def _raw(run: Run, table: Table) -> DataFrame:
    raw = _rows_of(run, table)
    return raw.withColumn("original", F.struct(*raw.columns))


def _rows_that_came(run: Run) -> dict[Table, int]:
    """How many raw rows the night has of each kind."""
    parts = [
        _rows_of(run, table).agg(F.lit(table.name).alias("target"), F.count(F.lit(1)).alias("rows"))
        for table in RAW_OF
    ]
    counted = {row["target"]: row["rows"] for row in reduce(DataFrame.union, parts).collect()}
    return {table: counted[table.name] for table in RAW_OF}


def _publish(run: Run, rows: DataFrame | None, table: Table) -> None:
    """Replace the night's rows of a table; by none where there is nothing to make them of."""
    if rows is None:
        run.lake.clear(table, where=_night(run))
    else:
        run.lake.publish(rows, table, where=_night(run))


def _judged_description(run: Run, table: Table) -> DataFrame:
    raw = _raw(run, table)
    rules = dimensions.description_rules(raw, key=table.key[0], settings=run.settings.clean)
    return with_reason(raw, rules)


def _judged_feedback(run: Run, table: Table) -> DataFrame:
    rules = voices.feedback_rules(run.settings.clean, run_date=run.run_date)
    return _once(run, with_reason(_raw(run, table), rules), table)


def _judged_exposures(run: Run, table: Table) -> DataFrame:
    rules = voices.exposure_rules(run.settings.clean, run_date=run.run_date)
    return _once(run, with_reason(_raw(run, table), rules), table)


def _once(run: Run, judged: DataFrame, table: Table) -> DataFrame:
    others = run.lake.read_or_empty(table).where(f"NOT {_night(run)}")
    distinct = with_distinct_ids(judged, others, _IDENTITIES[table], seconds=0)
    return voices.with_repeated_reason(distinct, others, key=table.key[0])


def _changes(run: Run, sound: DataFrame, table: Table) -> DataFrame:
    """New versions of descriptions; an old night run again leaves out what came after it."""
    before = run.lake.read_or_empty(table).where(f"ingest_date < '{run.run_date}'")
    changed = dimensions.changed_versions(sound, before, table=table)
    return changed.withColumn("ingest_date", F.lit(run.run_date)).select(*table.column_names)


_IDENTITIES = {FEEDBACK: FEEDBACK_ENTRY, EXPOSURES: EXPOSURE}

_JUDGES: dict[Table, Callable[[Run, Table], DataFrame]] = {
    CUSTOMERS: _judged_description,
    ITEMS: _judged_description,
    FEEDBACK: _judged_feedback,
    EXPOSURES: _judged_exposures,
}
"""What gives each raw row, but for events, its reason."""

_FORMS: dict[Table, Callable[[Run, DataFrame], DataFrame]] = {
    CUSTOMERS: partial(_changes, table=CUSTOMERS),
    ITEMS: partial(_changes, table=ITEMS),
    FEEDBACK: lambda _, sound: voices.to_feedback(sound),
    EXPOSURES: lambda _, sound: voices.to_exposures(sound),
}
"""What makes each table's rows of the sound ones."""


def _quarantine(
    run: Run, judged: Mapping[Table, DataFrame], came: Mapping[Table, int]
) -> Mapping[Table, Counts]:
    """Publish what is refused; rows of every target by the rule that refused them, or kept."""
    where = f"run_date = '{run.run_date}'"
    run.lake.publish(refused_rows(judged, run.run_date), QUARANTINE, where=where)
    refused = run.lake.read(QUARANTINE).where(where).groupBy("target", "reason").count().collect()
    counts: dict[Table, Counts] = {}
    for table in (table for table, rows in came.items() if rows):
        by_rule = {row["reason"]: row["count"] for row in refused if row["target"] == table.name}
        counts[table] = {KEPT: came[table] - sum(by_rule.values()), **by_rule}
    return counts


def _collisions(run: Run, judged: Mapping[Table, DataFrame]) -> list[Collision]:
    """Kept rows whose id another event holds, by table and source."""
    is_kept = f"reason IS NULL AND {DIFFERS} IS NOT NULL"
    named = {table: rows for table, rows in judged.items() if DIFFERS in rows.columns}
    renamed = {table.name: rows.where(is_kept) for table, rows in named.items()}
    return collisions(renamed, {table.name: _rows_of(run, table) for table in named})


def _returns(run: Run, sales: DataFrame) -> DataFrame | None:
    """The night's returns with the purchases they undo, those of other nights among them.

    None where there are no returns.
    """
    returns, purchases = (sales.where(f"event_type = '{kind}'") for kind in ("return", "purchase"))
    dates = [row["event_date"] for row in returns.select("event_date").distinct().collect()]
    if not dates:
        return None
    days = run.settings.clean.return_days
    reach = {day - timedelta(days=n) for day in dates for n in range(days + 1)}
    others = run.lake.read(EVENTS).where(f"event_type = 'purchase' AND NOT {_night(run)}")
    both = purchases.unionByName(others.where(in_dates("event_date", reach)))
    return per_return(returns, both, days=days)


def _corrections(run: Run, sales: DataFrame) -> Counts:
    """Kept events by what was noted of them."""
    noted = sales.select(F.explode(F.split("corrections", ",")).alias("mark"))
    marks = noted.groupBy("mark").count().collect()
    alone = run.lake.read(RETURNS).where(_night(run)).where("purchase_event_id IS NULL").count()
    counted = {row["mark"]: row["count"] for row in marks}
    return {**counted, "return_without_purchase": alone} if alone else counted


def _publish_quality(
    run: Run, counts: Mapping[Table, Counts], corrected: Mapping[Table, Counts]
) -> None:
    rows = quality_rows(counts, corrected, run.run_date)
    frame = local_frame(run.spark, rows, DATA_QUALITY.schema)
    run.lake.publish(frame, DATA_QUALITY, where=f"run_date = '{run.run_date}'")
