"""One term of a lease, as its file holds it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from insight.lease.process import ProcessIdentity


@dataclass(frozen=True)
class Term:
    """One file of the lease.

    Args:
        number: Its place in the row.
        owner: What the lease is held for, such as a run and its date.
        process: Who holds it.
        acquired_at: When its owner took the lease.
        expires_at: When anybody may take it over.
        is_released: Whether its owner has given it back.
    """

    number: int
    owner: str
    process: ProcessIdentity
    acquired_at: datetime
    expires_at: datetime
    is_released: bool = False

    def is_over(self, now: datetime) -> bool:
        """Whether the lease is free: released, expired, or of a process that has ended."""
        return self.is_released or self.expires_at <= now or self.process.has_ended()

    def is_of(self, other: "Term") -> bool:
        """Whether both are terms of one holding, from taking the lease to releasing it."""
        mine, theirs = ((term.owner, term.process, term.acquired_at) for term in (self, other))
        return mine == theirs

    def __str__(self) -> str:
        process = f"process {self.process.pid} on {self.process.host}"
        since, until = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (self.acquired_at, self.expires_at))
        return f"{self.owner} ({process}), since {since} UTC, until {until} UTC unless renewed"

    def as_text(self) -> str:
        times = {name: getattr(self, name).isoformat() for name in ("acquired_at", "expires_at")}
        return json.dumps(asdict(self) | times, indent=1)

    @classmethod
    def from_text(cls, text: str) -> "Term":
        """Read ``as_text``; ValueError, KeyError or TypeError where the text is another one."""
        fields = json.loads(text)
        times = {n: datetime.fromisoformat(fields[n]) for n in ("acquired_at", "expires_at")}
        return cls(**{**fields, **times, "process": ProcessIdentity(**fields["process"])})
