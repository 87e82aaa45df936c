"""Ingest: every landing file exactly once, ids pseudonymised at the first write."""

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from insight.delta import Commit
from insight.local_frames import local_frame
from insight.point_in_time import in_dates
from insight.privacy.lake_key import load_lake_key, record_key
from insight.privacy.pseudonyms import PseudonymKey
from insight.sources.crowds import warn_of_crowds
from insight.sources.declaration import TARGETS
from insight.sources.deliveries import (
    Delivery,
    by_key,
    feed_files,
    new_deliveries,
    refuse_empty_day,
    unmatched_files,
)
from insight.sources.landing import Landing
from insight.sources.mapping import to_canonical
from insight.sources.read_files import (
    Key,
    ReadFiles,
    dates_of,
    holds_nothing_new,
    read_files,
    refuse_changed,
    refuse_gone,
    refuse_replaced,
)
from insight.sources.reading import (
    TextReader,
    holds_declared_types,
    read_rows,
    refuse_retyped_columns,
    text_reader,
)
from insight.sources.settled import unchanged
from insight.stages import Remark, Run, Stage
from insight.storage import SCHEME
from insight.tables import INGEST_LOG, RAW_EVENTS

_ALL_READ = "every file of this date has been read already"

_LONGEST_PATH = 1 << 16
"""Letters."""


def ingest(run: Run) -> str | Remark | None:
    """Read the files dated up to the run date that no earlier night has read.

    Returns:
        Why there was nothing to do, or a remark on files that no feed takes.

    Raises:
        EmptyInputError: No events came for the run date, and the settings do not allow it.
        SourceFormatError: A file is damaged, changed after it was read, or not as declared.
        LandingFileChangedError: A file was written to while it was read.
        SettingsError: No pseudonym key, or not the one this lake began with.
    """
    may_generate = run.settings.generate_local_key
    key = load_lake_key(run.lake, run.settings.pseudonym_key_file, may_generate=may_generate)
    read = read_files(run.lake)
    landing = Landing(run.spark, run.lake.landing)
    files = feed_files(run, read, landing)
    unmatched = unmatched_files(run, landing)
    accept_changed = run.settings.ingest.accept_changed_files
    others = by_key(files, due=False)
    touched = refuse_replaced(run.lake, others, read, accept_changed=accept_changed)
    states = {name: file.state for name, file in by_key(files, due=True).items()}
    again = run.settings.ingest.read_again
    if again:
        refuse_gone(states, read)
    if not again and holds_nothing_new(states, read, column="file_state"):
        _publish_states(run, states, touched, read)
        return _ALL_READ
    deliveries = new_deliveries(run, files)
    found = {name: facts for group in deliveries for name, facts in group.facts_by_key.items()}
    refuse_changed(found, read, accept_changed=accept_changed)
    hashes = {name: facts.content_hash for name, facts in found.items()}
    if not again and holds_nothing_new(hashes, read, column="content_hash"):
        _publish_states(run, states, touched, read)
        return _ALL_READ
    refuse_empty_day(run, deliveries, unmatched=unmatched)
    landed = (file for delivery in deliveries for file in delivery.landed.values())
    with unchanged(run, landed):
        counts = _publish_rows(run, deliveries, key)
        # The log comes last: files count as read only when their rows are in.
        _publish_log(run, _log_rows(run, deliveries, counts), touched, read)
    return _remark(unmatched)


INGEST = Stage(
    name="ingest",
    reads=(),
    writes=(*TARGETS.values(), INGEST_LOG),
    work=ingest,
)


def _remark(unmatched: Sequence[str]) -> Remark | None:
    if not unmatched:
        return None
    return Remark(f"{len(unmatched)} files that no feed's pattern matches, such as {unmatched[0]}")


def _publish_rows(
    run: Run, deliveries: Sequence[Delivery], key: PseudonymKey
) -> dict[tuple[str, str], int]:
    """Replace the night's raw rows; the number of rows by table and file."""
    night = f"ingest_date = '{run.run_date}'"
    counts: dict[tuple[str, str], int] = {}
    with text_reader(run.spark) as read_text:
        frames: dict[str, list[DataFrame]] = {name: [] for name in TARGETS}
        for delivery in deliveries:
            frames[delivery.feed.target].append(_rows(run, delivery, key, read_text))
        # The last refusal is behind, the first write ahead.
        record_key(run.lake, key)
        for name, table in TARGETS.items():
            if not frames[name]:
                run.lake.clear(table, where=night)
                continue
            rows = reduce(DataFrame.unionByName, frames[name])
            commit = run.lake.publish(rows, table, where=night)
            if table == RAW_EVENTS and commit.rows >= run.settings.ingest.crowd_min_events:
                warn_of_crowds(run.lake.read(table).where(night), run.settings.ingest)
            files = {path for d in deliveries if d.feed.target == name for path in d.paths}
            counts |= {
                (name, path): count for path, count in _row_counts(run, commit, files).items()
            }
    return counts


def _rows(run: Run, delivery: Delivery, key: PseudonymKey, read_text: TextReader) -> DataFrame:
    rows = read_rows(run.spark, delivery.feed, delivery.files, read_text)
    limit = run.settings.ingest.max_malformed_share
    if not holds_declared_types(delivery.feed, delivery.files):
        refuse_retyped_columns(rows, delivery.feed, max_share=limit, files=delivery.files)
    canonical = to_canonical(
        rows, delivery.feed, source=delivery.source, key=key, run_date=run.run_date
    )
    return canonical.withColumn("source_file", _below_landing(run))


def _row_counts(run: Run, commit: Commit, files: set[str]) -> dict[str, int]:
    """Rows of each file in a table; of a single file, all that were published."""
    if len(files) == 1:
        return dict.fromkeys(files, commit.rows)
    table = TARGETS[commit.table]
    raw = run.lake.read(table).where(F.col("ingest_date") == F.lit(run.run_date))
    counted = raw.groupBy("source_file").count().collect()
    return {row["source_file"]: row["count"] for row in counted}


def _log_rows(
    run: Run, deliveries: Sequence[Delivery], counts: Mapping[tuple[str, str], int]
) -> list[Row]:
    return [
        Row(
            source=source,
            feed=feed,
            file=path,
            file_date=delivery.feed.file_dates(facts.file, read_on=run.run_date)[1],
            file_bytes=facts.file_bytes,
            content_hash=facts.content_hash,
            file_state=delivery.landed[facts.file].state,
            row_count=counts.get((delivery.feed.target, path), 0),
            ingest_date=run.run_date,
        )
        for delivery in deliveries
        for (source, feed, path), facts in delivery.facts_by_key.items()
    ]


def _publish_states(
    run: Run, states: Mapping[Key, str], touched: list[Row], read: ReadFiles
) -> None:
    """Log new states of files with equal content, so that the next run does not hash them again."""
    before = read.by_this_date
    rows = [
        Row(**(row.asDict() | {"file_state": states.get(key, row["file_state"])}))
        for key, row in before.items()
    ]
    if touched or rows != list(before.values()):
        _publish_log(run, rows, touched, read)


def _publish_log(run: Run, rows: list[Row], touched: list[Row], read: ReadFiles) -> None:
    """Log the night's files, and the new state of those that were written to and stayed equal."""
    states = {(row["source"], row["feed"], row["file"]): row for row in touched}
    dates = dates_of(touched)
    restated = [
        states.get(name, row) for name, row in read.by_others.items() if row["ingest_date"] in dates
    ]
    logged = [tuple(row[name] for name in INGEST_LOG.column_names) for row in (*rows, *restated)]
    where = in_dates("ingest_date", {run.run_date, *dates})
    run.lake.publish(local_frame(run.spark, logged, INGEST_LOG.schema), INGEST_LOG, where=where)


def _below_landing(run: Run) -> Column:
    """A file's path below the landing folder: the folder itself may move."""
    path = F.regexp_replace("source_file", SCHEME.pattern, "")
    return F.substring(path, len(run.lake.landing_path) + 2, _LONGEST_PATH)
