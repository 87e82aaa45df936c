"""Which landing files a night reads: those dated up to it that no other night has read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from insight.errors import EmptyInputError
from insight.logs import logger
from insight.sources.declaration import Feed
from insight.sources.encodings import refuse_undecodable
from insight.sources.inspection import FileFacts, check_columns, inspect_files
from insight.sources.landing import Landing, LandingFile
from insight.sources.layouts import Layout, layout_of
from insight.sources.read_files import Key, ReadFiles
from insight.sources.settled import is_settled, still_written
from insight.sources.source import load_source
from insight.stages import Run
from insight.tables import RAW_EVENTS

log = logger(__name__)

_FEW = 10
"""Files that a log line names."""


@dataclass(frozen=True)
class Delivery:
    """The files of one feed that a night reads.

    Args:
        source: Name of the source.
        feed: The feed.
        files: What inspection found of each file.
        landed: Each file as the folder's listing showed it before it was read, by URL.
    """

    source: str
    feed: Feed
    files: tuple[FileFacts, ...]
    landed: Mapping[str, LandingFile]

    @property
    def paths(self) -> list[str]:
        """The files' paths below the landing folder."""
        return [self.landed[facts.file].path for facts in self.files]

    @property
    def facts_by_key(self) -> dict[Key, FileFacts]:
        """The files as the log names them."""
        return {
            (self.source, self.feed.feed, self.landed[facts.file].path): facts
            for facts in self.files
        }


@dataclass(frozen=True)
class FeedFiles:
    """The files of one feed in the landing folder.

    Args:
        source: Name of the source.
        feed: The feed.
        due: Files dated up to the run date that no run of another date has read.
        read: Files that runs of other dates have read.
    """

    source: str
    feed: Feed
    due: tuple[LandingFile, ...]
    read: tuple[LandingFile, ...]


def feed_files(run: Run, read: ReadFiles, landing: Landing | None = None) -> list[FeedFiles]:
    """List the landing folder; no file is opened.

    Args:
        run: The run.
        read: The log.
        landing: The folder, to be asked afterwards which of its files no feed takes.

    Raises:
        SourceFormatError: A file's name cannot be read, holds no date, or leads out of the folder.
    """
    landing = landing or Landing(run.spark, run.lake.landing)
    found = []
    for name in run.settings.sources:
        for feed in load_source(name).feeds:
            due, before = [], []
            for file in landing.files(name, feed.files):
                _, last = feed.file_dates(file.url, read_on=run.run_date)
                if (name, feed.feed, file.path) in read.by_others:
                    before.append(file)
                elif last <= run.run_date:
                    due.append(file)
            found.append(FeedFiles(name, feed, tuple(due), tuple(before)))
    return found


def unmatched_files(run: Run, landing: Landing) -> list[str]:
    """What lies in the sources' folders and no feed takes, logged; after ``feed_files``."""
    paths = [path for name in run.settings.sources for path in landing.unmatched(name)]
    if paths:
        shown = paths[:_FEW]
        log.warning("no feed's pattern matches some files", count=len(paths), files=shown)
    return paths


def by_key(files: Sequence[FeedFiles], *, due: bool) -> dict[Key, LandingFile]:
    """The due files, or those that other dates have read, as the log names them."""
    return {
        (group.source, group.feed.feed, file.path): file
        for group in files
        for file in (group.due if due else group.read)
    }


def new_deliveries(run: Run, files: Sequence[FeedFiles]) -> list[Delivery]:
    """Inspect the due files, each once, however many feeds read it.

    Raises:
        SourceFormatError: A file is damaged or not as declared.
        LandingFileChangedError: A file is still being written.
    """
    inspected: dict[tuple[Layout, tuple[LandingFile, ...]], list[FileFacts]] = {}
    deliveries = []
    for group in files:
        if not group.due:
            continue
        landed = {file.url: file for file in group.due}
        known = (layout_of(group.feed), group.due)
        if known not in inspected:
            inspected[known] = inspect_files(run.spark, list(landed), group.feed)
        facts = inspected[known]
        for fact in facts:
            file = landed[fact.file]
            # A delivery that is not over may look like a damaged file.
            is_cut = fact.problem is not None and not is_settled(run, file)
            if is_cut or fact.file_bytes != file.file_bytes:
                raise still_written(fact.file)
            check_columns(fact, group.feed, allow_new=run.settings.ingest.evolve_columns)
            _judge_text(run, fact, group.feed)
        deliveries.append(Delivery(group.source, group.feed, tuple(facts), landed))
    return deliveries


def _judge_text(run: Run, fact: FileFacts, feed: Feed) -> None:
    """Refuse a text in another encoding than declared; tell a few bytes that are not valid."""
    limit, encoding = run.settings.ingest.max_undecodable_share, feed.options.encoding
    refuse_undecodable(fact.file, fact.decoding, encoding, max_share=limit)
    if fact.decoding.invalid:
        found = fact.decoding.described(encoding)
        log.warning("rows with invalid bytes are malformed", file=fact.file, found=found)


def refuse_empty_day(
    run: Run, deliveries: Sequence[Delivery], *, unmatched: Sequence[str] = ()
) -> None:
    """Every source that is due tonight must bring events: one must not hide another's gap.

    Args:
        run: The run.
        deliveries: What it reads.
        unmatched: Files that no feed takes, for the message: one may be tonight's.

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
            raise _empty_day(run, name, brought, todays, unmatched)


def _is_trade(feed: Feed) -> bool:
    return feed.target == RAW_EVENTS.name and not feed.sparse


def _empty_day(
    run: Run,
    source: str,
    brought: Sequence[Delivery],
    todays: Sequence[FileFacts],
    unmatched: Sequence[str],
) -> EmptyInputError:
    lasts = [
        d.feed.file_dates(fact.file, read_on=run.run_date)[1] for d in brought for fact in d.files
    ]
    unread = f"the newest unread is of {max(lasts)}" if lasts else "nothing unread"
    others = [path for path in unmatched if path.startswith(f"{source}/")]
    if others:
        unread += f"; {len(others)} files that no pattern matches, such as {others[0]}"
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
