"""Ingest: every landing file exactly once, ids pseudonymised at the first write."""

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.privacy.lake_key import load_lake_key, record_key
from insight.privacy.pseudonyms import PseudonymKey
from insight.sources.declaration import TARGETS
from insight.sources.deliveries import (
    Delivery,
    already_read,
    new_deliveries,
    refuse_empty_day,
    relative,
)
from insight.sources.mapping import to_canonical
from insight.sources.reading import read_rows, refuse_retyped_columns
from insight.stages import Run, Stage
from insight.tables import INGEST_LOG


def ingest(run: Run) -> str | None:
    """Read the files dated up to the run date that no earlier night has read.

    Raises:
        EmptyInputError: No events came for the run date, and the settings do not allow it.
        SourceFormatError: A file is damaged, changed after it was read, or not as declared.
        SettingsError: No pseudonym key, or not the one this lake began with.
    """
    may_generate = run.settings.generate_local_key
    key = load_lake_key(run.lake, run.settings.pseudonym_key_file, may_generate=may_generate)
    deliveries = new_deliveries(run)
    if already_read(run, deliveries):
        return "every file of this date has been read already"
    refuse_empty_day(run, deliveries)
    frames: dict[str, list[DataFrame]] = {name: [] for name in TARGETS}
    for delivery in deliveries:
        frames[delivery.feed.target].append(_rows(run, delivery, key))
    record_key(run.lake, key)
    night = f"ingest_date = '{run.run_date}'"
    for name, table in TARGETS.items():
        if frames[name]:
            run.lake.publish(reduce(DataFrame.unionByName, frames[name]), table, where=night)
        else:
            run.lake.clear(table, where=night)
    # The log comes last: files count as read only when their rows are in.
    run.lake.publish(_log_rows(run, deliveries), INGEST_LOG, where=night)
    return None


INGEST = Stage(
    name="ingest",
    reads=(),
    writes=(*TARGETS.values(), INGEST_LOG),
    work=ingest,
)


def _rows(run: Run, delivery: Delivery, key: PseudonymKey) -> DataFrame:
    rows = read_rows(run.spark, delivery.feed, delivery.files)
    limit = run.settings.ingest.max_malformed_share
    refuse_retyped_columns(rows, delivery.feed, max_share=limit)
    canonical = to_canonical(
        rows, delivery.feed, source=delivery.source, key=key, run_date=run.run_date
    )
    return canonical.withColumn("source_file", F.expr(_relative_expression(run)))


def _log_rows(run: Run, deliveries: Sequence[Delivery]) -> DataFrame:
    rows = []
    for delivery in deliveries:
        counts = _row_counts(run, delivery)
        for fact in delivery.files:
            file = relative(run, fact.file)
            _, last = delivery.feed.file_dates(file, read_on=run.run_date)
            rows.append(
                (
                    delivery.source,
                    delivery.feed.feed,
                    file,
                    last,
                    fact.file_bytes,
                    fact.content_hash,
                    counts.get(file, 0),
                    run.run_date,
                )
            )
    return run.spark.createDataFrame(rows, INGEST_LOG.schema)


def _row_counts(run: Run, delivery: Delivery) -> dict[str, int]:
    table = TARGETS[delivery.feed.target]
    files = [relative(run, fact.file) for fact in delivery.files]
    raw = run.lake.read(table).where(F.col("ingest_date") == F.lit(run.run_date))
    counts = raw.where(F.col("source_file").isin(files)).groupBy("source_file").count().collect()
    return {row["source_file"]: row["count"] for row in counts}


def _relative_expression(run: Run) -> str:
    marker = run.lake.landing_path.replace("'", "\\'") + "/"
    return f"substring(source_file, locate('{marker}', source_file) + {len(marker)})"
