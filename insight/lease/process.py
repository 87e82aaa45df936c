"""Which process on which machine, so that another process can tell whether it still runs."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_ENDED = ("Z", "X")
"""States in /proc of a process that has ended but was not yet waited for."""


@dataclass(frozen=True)
class ProcessIdentity:
    """One process.

    Args:
        host: Name of its machine.
        place: The machine's boot and the process's PID namespace: a PID means the same process
            only where both are equal. Empty where the system does not say.
        pid: Its number.
        started: Clock ticks from boot to its start; a PID is given again to later processes.
    """

    host: str
    place: str
    pid: int
    started: int

    @classmethod
    def own(cls) -> "ProcessIdentity":
        """That of the calling process."""
        stat = _stat(os.getpid())
        return cls(socket.gethostname(), _place(), os.getpid(), stat[1] if stat else 0)

    def has_ended(self) -> bool:
        """Whether the process is known to have ended; False for a process of another machine."""
        if not self.place or (self.host, self.place) != (socket.gethostname(), _place()):
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            # It runs, under another user.
            pass
        stat = _stat(self.pid)
        return stat is not None and (stat[0] in _ENDED or stat[1] != self.started)


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - no file, but a name
    except OSError:
        return ""


def _stat(pid: int) -> tuple[str, int] | None:
    """State and start of a process, by proc(5); None where the system hides them."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the command in brackets, which may hold blanks and brackets itself.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])
