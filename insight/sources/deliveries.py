"""Which landing files a night reads: those dated up to it that no other night has read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from insight.errors import EmptyInputError, LandingFileChangedError
from insight.sources.declaration import Feed, load_source
from insight.sources.entries import file_state
from insight.sources.inspection import FileFacts, check_columns, inspect_files
from insight.sources.landing import Landing, LandingFile
from insight.sources.layouts import Layout, layout_of
from insight.sources.read_files import Key, ReadFiles
from insight.stages import Run
from insight.tables import RAW_EVENTS


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


def feed_files(run: Run, read: ReadFiles) -> list[FeedFiles]:
    """List the landing folder; no file is opened.

    Raises:
        SourceFormatError: A file's name cannot be read, holds no date, or leads out of the folder.
    """
    landing = Landing(run.spark, run.lake.landing)
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
            is_cut = fact.problem is not None and not _is_settled(run, file)
            if is_cut or fact.file_bytes != file.file_bytes:
                raise _still_written(fact.file)
            check_columns(fact, group.feed, allow_new=run.settings.ingest.evolve_columns)
        deliveries.append(Delivery(group.source, group.feed, tuple(facts), landed))
    return deliveries


@contextmanager
def unchanged(run: Run, deliveries: Sequence[Delivery]) -> Iterator[None]:
    """Commit nothing in this block that was read of files written to since they were listed.

    The files are looked at again between the reading of their rows and each commit: what was
    hashed, and what was parsed, is then what they held all the time.

    Raises:
        LandingFileChangedError: A file has another state than before it was read.
    """
    landed = {file.url: file for delivery in deliveries for file in delivery.landed.values()}

    def refuse_changed() -> None:
        for file in landed.values():
            if not _is_settled(run, file):
                raise _still_written(file.url)

    run.lake.before_commit = refuse_changed
    try:
        yield
    finally:
        run.lake.before_commit = None


def _is_settled(run: Run, file: LandingFile) -> bool:
    return file_state(run.spark, file.url) == file.state


def _still_written(file: str) -> LandingFileChangedError:
    return LandingFileChangedError(
        f"landing file {file}",
        found="a file that was written to, replaced or removed while it was read",
        expected="a file that stays as it is",
        next_step="wait until its delivery is over, then run this date again; better, deliver"
        " under a name that begins with an underscore, and rename the file when it is whole",
    )


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
