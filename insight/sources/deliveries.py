"""Which landing files a night reads: those dated up to it that no other night has read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import functions as F

from insight.errors import EmptyInputError, SourceFormatError
from insight.logs import logger
from insight.sources.declaration import Feed, load_source
from insight.sources.inspection import FileFacts, check_columns, inspect_files
from insight.sources.layouts import Layout, layout_of
from insight.stages import Run
from insight.storage import matching_files
from insight.tables import INGEST_LOG, RAW_EVENTS

log = logger(__name__)


@dataclass(frozen=True)
class Delivery:
    """The new files of one feed."""

    source: str
    feed: Feed
    files: tuple[FileFacts, ...]


def new_deliveries(run: Run) -> list[Delivery]:
    """The night's files, each looked into once, however many feeds read it.

    Raises:
        SourceFormatError: A file is damaged, changed after it was read, or not as declared.
    """
    seen = _files_of_other_dates(run)
    looked_into: dict[tuple[Layout, tuple[str, ...]], list[FileFacts]] = {}
    deliveries = []
    for name in run.settings.sources:
        for feed in load_source(name).feeds:
            new = tuple(_new_files(run, name, feed, seen))
            if not new:
                continue
            known = (layout_of(feed), new)
            if known not in looked_into:
                looked_into[known] = inspect_files(run.spark, new, feed)
            facts = looked_into[known]
            for fact in facts:
                check_columns(fact, feed, allow_new=run.settings.ingest.evolve_columns)
            deliveries.append(Delivery(name, feed, tuple(facts)))
    return deliveries


def relative(run: Run, file: str) -> str:
    """A file's path below the landing folder: the folder itself may move."""
    return file.split(run.lake.landing_path, 1)[-1].lstrip("/")


def already_read(run: Run, deliveries: Sequence[Delivery]) -> bool:
    """Whether an earlier run of this date has read all that is there now.

    Files may have been archived since; but new ones beside them cannot be read without losing
    the rows of those that are gone.

    Raises:
        SourceFormatError: Some of that run's files are gone, and others have come.
    """
    logged_today = run.lake.read_or_empty(INGEST_LOG).where(
        F.col("ingest_date") == F.lit(run.run_date)
    )
    rows = logged_today.select("feed", "file", "content_hash").collect()
    logged = {(row["feed"], row["file"]): row["content_hash"] for row in rows}
    found = {
        (delivery.feed.feed, relative(run, fact.file)): fact.content_hash
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


def refuse_empty_day(run: Run, deliveries: Sequence[Delivery]) -> None:
    """Every source that is due tonight must bring events: one must not hide another's gap.

    Raises:
        EmptyInputError: One brings none, and the settings do not allow it.
    """
    if run.settings.ingest.allow_empty_day:
        return
    declared = {name: load_source(name).feeds for name in run.settings.sources}
    feeds = {name: [feed for feed in declared[name] if _is_trade(feed)] for name in declared}
    due = [name for name in feeds if any(feed.is_due(run.run_date) for feed in feeds[name])]
    for name in due or [name for name in feeds if feeds[name]]:
        brought = [d for d in deliveries if d.source == name and _is_trade(d.feed)]
        todays = [fact for delivery in brought for fact in _covering(delivery, run.run_date)]
        if all(fact.is_empty for fact in todays):
            raise _empty_day(run, name, brought, todays)


def _is_trade(feed: Feed) -> bool:
    return feed.target == RAW_EVENTS.name and not feed.sparse


def _new_files(
    run: Run, source: str, feed: Feed, seen: dict[tuple[str, str, str], int]
) -> Iterator[str]:
    folder = f"{run.lake.landing}/{source}/{feed.files}"
    for file, size in sorted(matching_files(run.spark, folder).items()):
        if _is_hidden(file):
            log.warning("passed over a hidden file", file=file)
            continue
        _, last = feed.file_dates(file, read_on=run.run_date)
        before = seen.get((source, feed.feed, relative(run, file)))
        if before is not None and before != size:
            raise SourceFormatError(
                f"landing file {file}",
                found=f"{size} bytes",
                expected=f"{before} bytes, as when it was read",
                next_step="deliver corrections as a new file; a file once read must not change",
            )
        if before is None and last <= run.run_date:
            yield file


def _is_hidden(file: str) -> bool:
    """Whether Spark would read no rows of it: so are named the files still being written."""
    return file.rpartition("/")[2].startswith(("_", ".")) or file.endswith("._COPYING_")


def _files_of_other_dates(run: Run) -> dict[tuple[str, str, str], int]:
    logged = run.lake.read_or_empty(INGEST_LOG).where(F.col("ingest_date") != F.lit(run.run_date))
    rows = logged.select("source", "feed", "file", "file_bytes").collect()
    return {(row["source"], row["feed"], row["file"]): row["file_bytes"] for row in rows}


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
