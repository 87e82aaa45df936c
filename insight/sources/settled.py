"""Whether a landing file is still what the folder's listing showed, and refusing it if not."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from insight.errors import LandingFileChangedError
from insight.sources.entries import file_state
from insight.sources.landing import LandingFile
from insight.stages import Run


@contextmanager
def unchanged(run: Run, landed: Iterable[LandingFile]) -> Iterator[None]:
    """Commit nothing in this block that was read of files written to since they were listed.

    The files are looked at again between the reading of their rows and each commit: what was
    hashed, and what was parsed, is then what they held all the time.

    Raises:
        LandingFileChangedError: A file has another state than before it was read.
    """
    files = {file.url: file for file in landed}

    def refuse_changed() -> None:
        for file in files.values():
            if not is_settled(run, file):
                raise still_written(file.url)

    run.lake.before_commit = refuse_changed
    try:
        yield
    finally:
        run.lake.before_commit = None


def is_settled(run: Run, file: LandingFile) -> bool:
    """Whether a file has the state that the listing showed."""
    return file_state(run.spark, file.url) == file.state


def still_written(file: str) -> LandingFileChangedError:
    """The error of a file that changes while it is read."""
    return LandingFileChangedError(
        f"landing file {file}",
        found="a file that was written to, replaced or removed while it was read",
        expected="a file that stays as it is",
        next_step="wait until its delivery is over, then run this date again; better, deliver"
        " under a name that begins with an underscore, and rename the file when it is whole",
    )
