"""Feeds of one source that would read the same files as different things."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from insight.sources.misdeclared import Misdeclared
from insight.sources.patterns import common_path

if TYPE_CHECKING:
    # A declaration is checked for overlaps while it is validated.
    from insight.sources.declaration import Feed


def refuse_two_layouts(feeds: Sequence["Feed"]) -> None:
    """Raise a Misdeclared if a file's name may fit two feeds and no file can be as both declare."""
    for position, feed in enumerate(feeds):
        for other in feeds[:position]:
            path = common_path(feed.files, other.files)
            if path is not None and _contradict(feed, other):
                raise Misdeclared(
                    f"feeds {other.feed} and {feed.feed} would both read {path!r}, and declare"
                    " other columns, another format or other options for it; give their files"
                    " patterns that no name fits alike",
                    "feeds",
                    position,
                    "files",
                )


def _contradict(one: "Feed", other: "Feed") -> bool:
    """Whether no file can be as both feeds declare."""
    if (one.format, one.options) != (other.format, other.options):
        return True
    if one.format == "csv" and not one.options.header:
        # Columns stand by their position.
        return list(one.columns.items()) != list(other.columns.items())
    return any(
        not _agree(first, second, name)
        for first, second in ((one, other), (other, one))
        for name in first.columns
    )


def _agree(one: "Feed", other: "Feed", name: str) -> bool:
    """Whether a file with a column as one feed declares it is one of the other's, too."""
    if name in other.columns:
        return one.columns[name] == other.columns[name]
    return any(fnmatchcase(name, pattern) for pattern in (*one.optional, *other.ignored))
