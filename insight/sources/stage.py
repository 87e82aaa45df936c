"""Ingest: every landing file exactly once, ids pseudonymised at the first write."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import EmptyInputError, SettingsError, SourceFormatError
from insight.privacy.pseudonyms import PseudonymKey, load_key
from insight.sources.declaration import TARGETS, Feed, load_source
from insight.sources.inspection import FileFacts, check_columns, inspect_files
from insight.sources.mapping import read_rows, refuse_retyped_columns, to_canonical
from insight.stages import Run, Stage
from insight.storage import matching_files
from insight.tables import INGEST_LOG, RAW_CUSTOMERS, RAW_EVENTS, RAW_ITEMS


@dataclass(frozen=True)
class Delivery:
    """The new files of one feed."""

    source: str
    feed: Feed
    files: tuple[FileFacts, ...]


def ingest(run: Run) -> str | None:
    """Read the files dated up to the run date that no earlier night has read.

    Raises:
        EmptyInputError: No events came for the run date, and the settings do not allow it.
        SourceFormatError: A file is damaged, changed after it was read, or not as declared.
        SettingsError: No pseudonym key, or not the one this lake began with.
    """
    key = load_key(run.settings.pseudonym_key_file, may_generate=run.settings.generate_local_key)
    _refuse_other_key(run, key)
    deliveries = _deliveries(run)
    if _already_read(run, deliveries):
        return "every file of this date has been read already"
    _refuse_empty_day(run, deliveries)
    frames: dict[str, list[DataFrame]] = {name: [] for name in TARGETS}
    for delivery in deliveries:
        frames[delivery.feed.target].append(_rows(run, delivery, key))
    for name, table in TARGETS.items():
        empty = run.spark.createDataFrame([], table.schema)
        rows = reduce(DataFrame.unionByName, frames[name], empty)
        run.lake.publish(rows, table, where=f"ingest_date = '{run.run_date}'")
    # The log comes last: files count as read only when their rows are in.
    run.lake.publish(
        _log_rows(run, deliveries), INGEST_LOG, where=f"ingest_date = '{run.run_date}'"
    )
    return None


INGEST = Stage(
    name="ingest",
    reads=(),
    writes=(RAW_EVENTS, RAW_CUSTOMERS, RAW_ITEMS, INGEST_LOG),
    work=ingest,
)


def _deliveries(run: Run) -> list[Delivery]:
    seen = _files_of_other_dates(run)
    deliveries = []
    for name in run.settings.sources:
        for feed in load_source(name).feeds:
            new = _new_files(run, name, feed, seen)
            if new:
                facts = inspect_files(run.spark, new, feed)
                for fact in facts:
                    check_columns(fact, feed, allow_new=run.settings.ingest.evolve_columns)
                deliveries.append(Delivery(name, feed, tuple(facts)))
    return deliveries


def _new_files(
    run: Run, source: str, feed: Feed, seen: dict[tuple[str, str, str], int]
) -> list[str]:
    folder = f"{run.lake.landing}/{source}/{feed.files}"
    new = []
    for file, size in sorted(matching_files(run.spark, folder).items()):
        _, last = feed.file_dates(file, read_on=run.run_date)
        before = seen.get((source, feed.feed, _relative(run, file)))
        if before is not None and before != size:
            raise SourceFormatError(
                f"landing file {file}",
                found=f"{size} bytes",
                expected=f"{before} bytes, as when it was read",
                next_step="deliver corrections as a new file; a file once read must not change",
            )
        if before is None and last <= run.run_date:
            new.append(file)
    return new


def _files_of_other_dates(run: Run) -> dict[tuple[str, str, str], int]:
    log = run.lake.read_or_empty(INGEST_LOG).where(F.col("ingest_date") != F.lit(run.run_date))
    rows = log.select("source", "feed", "file", "file_bytes").collect()
    return {(row["source"], row["feed"], row["file"]): row["file_bytes"] for row in rows}


def _already_read(run: Run, deliveries: Sequence[Delivery]) -> bool:
    """Whether an earlier run of this date has read all that is there now.

    Files may have been archived since; but new ones beside them cannot be read without losing
    the rows of those that are gone.
    """
    log = run.lake.read_or_empty(INGEST_LOG).where(F.col("ingest_date") == F.lit(run.run_date))
    rows = log.select("feed", "file", "content_hash").collect()
    logged = {(row["feed"], row["file"]): row["content_hash"] for row in rows}
    found = {
        (delivery.feed.feed, _relative(run, fact.file)): fact.content_hash
        for delivery in deliveries
        for fact in delivery.files
    }
    gone, fresh = sorted(logged.keys() - found.keys()), dict(found.items() - logged.items())
    if gone and fresh:
        raise SourceFormatError(
            f"landing file {gone[0][1]}",
            found=f"no such file, and new or changed ones ({', '.join(f for _, f in fresh)})",
            expected=f"all {len(logged)} files that {run.run_date} has read, or none but those",
            next_step="put it back, or deliver the new ones for another date",
        )
    return bool(logged) and not fresh


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
            file = _relative(run, fact.file)
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
    files = [_relative(run, fact.file) for fact in delivery.files]
    raw = run.lake.read(table).where(F.col("ingest_date") == F.lit(run.run_date))
    counts = raw.where(F.col("source_file").isin(files)).groupBy("source_file").count().collect()
    return {row["source_file"]: row["count"] for row in counts}


def _refuse_empty_day(run: Run, deliveries: Sequence[Delivery]) -> None:
    """Every source that is due tonight must bring events: one must not hide another's gap."""
    if run.settings.ingest.allow_empty_day:
        return
    feeds = {
        name: [feed for feed in load_source(name).feeds if feed.target == RAW_EVENTS.name]
        for name in run.settings.sources
    }
    due = [name for name in feeds if any(feed.is_due(run.run_date) for feed in feeds[name])]
    for name in due or feeds:
        brought = [d for d in deliveries if d.source == name and d.feed.target == RAW_EVENTS.name]
        todays = [fact for delivery in brought for fact in _covering(delivery, run.run_date)]
        if all(fact.is_empty for fact in todays):
            raise _empty_day(run, name, brought, todays)


def _empty_day(
    run: Run, source: str, brought: Sequence[Delivery], todays: Sequence[FileFacts]
) -> EmptyInputError:
    lasts = [
        d.feed.file_dates(fact.file, read_on=run.run_date)[1] for d in brought for fact in d.files
    ]
    unread = f"the newest unread is of {max(lasts)}" if lasts else "nothing unread"
    return EmptyInputError(
        f"landing {run.settings.landing} for {run.run_date}",
        found=f"no rows in {', '.join(fact.file for fact in todays)}"
        if todays
        else f"no event file dated {run.run_date}; {unread}",
        expected=f"events of {source} for that date",
        next_step="wait for the delivery, or set ingest.allow_empty_day for a day without trade",
    )


def _covering(delivery: Delivery, day: date) -> Iterator[FileFacts]:
    """The files of a delivery that are for that day, among others or alone."""
    for fact in delivery.files:
        first, last = delivery.feed.file_dates(fact.file, read_on=day)
        if first <= day <= last:
            yield fact


def _refuse_other_key(run: Run, key: PseudonymKey) -> None:
    if run.lake.version(RAW_EVENTS) < 0:
        return
    # Every night checks this before it writes, so any one row speaks for all.
    row = run.lake.read(RAW_EVENTS).select("key_id").first()
    if row is not None and row["key_id"] != key.key_id:
        raise SettingsError(
            "pseudonym key",
            found=f"key {key.key_id}",
            expected=f"key {row['key_id']}, which this lake began with",
            next_step="restore that key; with another one no customer would match their past",
        )


def _relative(run: Run, file: str) -> str:
    """A file's path below the landing folder: the folder itself may move."""
    return file.split(run.lake.landing_path, 1)[-1].lstrip("/")


def _relative_expression(run: Run) -> str:
    marker = run.lake.landing_path.replace("'", "\\'") + "/"
    return f"substring(source_file, locate('{marker}', source_file) + {len(marker)})"
