"""Ends a rank that gives no sign of life: ``python -m insight.training.monitor <pid> <rank> <s>``.

A stopped or frozen process cannot end itself, and the other ranks wait for it in a collective
operation. So a small process of its own listens to each rank, and kills it when it falls silent;
Horovod then tells the others.
"""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from insight.logs import logger

log = logger(__name__)

BEATS_PER_STALL = 20
_PATIENCE_SECONDS = 10
_SIGN = b"."


@contextmanager
def watched(rank: int, stall_seconds: int) -> Iterator[None]:
    """While the block runs, this process is killed if it falls silent for so long.

    Its signs of life come from a thread: waiting for other ranks is no silence, being stopped is.
    """
    command = [sys.executable, "-m", "insight.training.monitor", str(os.getpid()), str(rank)]
    listener = subprocess.Popen([*command, str(stall_seconds)], stdin=subprocess.PIPE, bufsize=0)
    over = threading.Event()
    beats = (listener, over, stall_seconds / BEATS_PER_STALL)
    thread = threading.Thread(target=_beat, args=beats, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        assert listener.stdin is not None
        with suppress(OSError):
            listener.stdin.close()
        try:
            listener.wait(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            # It was stopped itself; nothing is left for it to watch.
            listener.kill()
            listener.wait()


def listen(pid: int, rank: int, stall_seconds: float) -> int:
    """Read signs of life from standard input until it ends, or until they stay out.

    Returns:
        0 where the rank has ended by itself, 1 where it was killed.
    """
    silent = 0
    # In short waits: a pause of the whole machine is one of them, however long it was.
    while silent < BEATS_PER_STALL:
        if select.select([sys.stdin], [], [], stall_seconds / BEATS_PER_STALL)[0]:
            silent = 0
            if not os.read(sys.stdin.fileno(), 4096):
                return 0
        else:
            silent += 1
    sys.stderr.write(
        f"rank {rank} (process {pid}) gave no sign of life for {stall_seconds:.0f} seconds "
        "(training.launch.stall_seconds): killed\n"
    )
    os.kill(pid, signal.SIGKILL)
    return 1


def _beat(listener: subprocess.Popen[bytes], over: threading.Event, seconds: float) -> None:
    assert listener.stdin is not None
    while not over.wait(seconds / 2):
        try:
            listener.stdin.write(_SIGN)
        except OSError:
            # A training that goes well is worth more than the watch over it.
            log.warning("the monitor is gone, nobody watches this rank", monitor=listener.pid)
            return


if __name__ == "__main__":
    sys.exit(listen(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
