"""The lake's lease: one run at a time writes to a lake.

The lease is a row of numbered files in the lake's folder ``_lease``; the newest one is valid.
Taking, renewing, taking over and releasing the lease each create the file of the next number,
which one process alone can do. So a run that was suspended cannot renew a lease that another run
has taken over, and two runs cannot take over the same lease.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from insight.errors import RunConflictError
from insight.exclusive_files import ExclusiveFiles, exclusive_files
from insight.lease.process import ProcessIdentity
from insight.lease.term import Term
from insight.logs import logger

log = logger(__name__)

FOLDER = "_lease"
"""Below the lake's root. Delta and our own readers skip names that begin with an underscore."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time by which leases expire."""
    return datetime.now(UTC)


class Lease:
    """The lease of a lake, held by this process.

    Args:
        files: Of the lake's folder ``_lease``.
        root: The lake, for messages.
        seconds: How long the lease holds without being renewed.
        clock: Tells the time.
    """

    def __init__(
        self, files: ExclusiveFiles, root: str, *, seconds: int, clock: Clock = utc_now
    ) -> None:
        self._files, self._root, self._clock = files, root, clock
        self._length = timedelta(seconds=seconds)
        self._held: Term | None = None
        # The renewing thread and the run's own look at the lease one after the other.
        self._lock = threading.RLock()

    def acquire(self, owner: str) -> None:
        """Take the lease, or take it over from a run that is dead.

        Raises:
            RunConflictError: Another run holds it.
        """
        now, newest = self._clock(), self._newest()
        if newest is not None and not newest.is_over(now):
            raise self._conflict(newest)
        number = 1 if newest is None else newest.number + 1
        process = ProcessIdentity.own()
        if not self._advance(Term(number, owner, process, now, now + self._length)):
            raise self._conflict(self._newest())
        if newest is not None and not newest.is_released:
            log.warning("lease taken over from a dead run", lake=self._root, was=str(newest))

    def renew(self) -> None:
        """Hold the lease for its full length from now on.

        Raises:
            RunConflictError: Another run has taken it over.
        """
        with self._lock:
            held = self._own(f"lake {self._root}")
            later = replace(held, number=held.number + 1, expires_at=self._clock() + self._length)
            if not self._advance(later):
                raise self._lost(f"lake {self._root}")

    def refuse_lost(self, subject: str) -> None:
        """Refuse to write without the lease.

        After it at least half of the lease's length is left, for a commit to end in.

        Args:
            subject: What is to be written.

        Raises:
            RunConflictError: Another run has taken the lease over.
        """
        with self._lock:
            held = self._own(subject)
            if held.expires_at - self._clock() < self._length / 2:
                self.renew()
            elif self._newest_number() != held.number:
                raise self._lost(subject)

    def release(self) -> None:
        """Give the lease back, if it is still held."""
        with self._lock:
            if self._held is not None:
                released = replace(self._held, number=self._held.number + 1, is_released=True)
                self._held = None
                self._advance(released)
                self._held = None

    def _advance(self, term: Term) -> bool:
        """Create a term's file; whether the lease is then held."""
        if not self._files.create(_name(term.number), term.as_text()):
            newest = self._newest()
            # Of a storage that created the file and then failed to say so.
            if newest is None or newest.number != term.number or not newest.is_of(term):
                return False
        # From here on the file is there, whatever fails below.
        self._held = term
        if self._newest_number() != term.number:
            # Later terms were there already; the one of this number had been deleted.
            self._held = None
            self._files.delete(_name(term.number))
            return False
        for name in self._files.names():
            # The one before stays, for who has just listed it and now reads it.
            if name < _name(term.number - 1):
                self._files.delete(name)
        return True

    def _newest_number(self) -> int:
        names = self._files.names()
        return int(names[-1].removesuffix(".json")) if names else 0

    def _newest(self) -> Term | None:
        number = self._newest_number()
        text = self._files.read(_name(number)) if number else None
        if number and text is None:
            # Deleted since it was listed, because two later ones are there.
            return self._newest()
        if text is None:
            return None
        try:
            return Term.from_text(text)
        except (ValueError, KeyError, TypeError) as error:
            raise RunConflictError(
                f"lake {self._root}",
                found=f"a lease that cannot be read, {FOLDER}/{_name(number)}",
                expected="a lease as a run writes it",
                next_step="make sure that no run writes to this lake, then delete that file",
            ) from error

    def _own(self, subject: str) -> Term:
        if self._held is None:
            raise self._lost(subject)
        return self._held

    def _conflict(self, other: Term | None) -> RunConflictError:
        return RunConflictError(
            f"lake {self._root}",
            found=f"the lease held by {other}",
            expected="no other run that writes to this lake",
            next_step="let the other run end, then run this date again; if its machine is gone, "
            "its lease ends at the time above",
        )

    def _lost(self, subject: str) -> RunConflictError:
        self._held = None
        return RunConflictError(
            subject,
            found=f"the lake's lease lost; its newest term is that of {self._newest()}",
            expected="the lease, from the run's start to its end",
            next_step="let the other run end, then run this date again; if this machine was "
            "suspended for long, raise lake_lease_seconds",
        )


@contextmanager
def held_lease(spark: SparkSession, root: str, *, owner: str, seconds: int) -> Iterator[Lease]:
    """Hold the lease of a lake, renewing it in a thread, and release it at the end.

    Args:
        spark: The session that opens the lake.
        root: The lake's folder, qualified.
        owner: What it is held for.
        seconds: How long it holds when nothing renews it.

    Raises:
        RunConflictError: Another run holds it.
    """
    lease = Lease(exclusive_files(spark, f"{root}/{FOLDER}"), root, seconds=seconds)
    lease.acquire(owner)
    ended = threading.Event()
    renewing = threading.Thread(
        target=_renew, args=(lease, ended, seconds / 4), name="lease", daemon=True
    )
    renewing.start()
    try:
        yield lease
    finally:
        ended.set()
        renewing.join()
        try:
            lease.release()
        except Exception:
            # The run's own outcome counts, and a lease ends with its process.
            log.exception("lease not released", lake=root)


def _renew(lease: Lease, ended: threading.Event, every: float) -> None:
    while not ended.wait(every):
        try:
            lease.renew()
        except RunConflictError as error:
            # The run ends at its next write.
            log.error("lease lost", message=str(error))
            return
        except Exception:
            # A storage that does not answer now may answer before the lease expires.
            log.exception("lease not renewed")


def _name(number: int) -> str:
    return f"{number:012}.json"
