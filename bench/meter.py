"""What a process and all below it have used: CPU seconds, wall seconds, peak memory."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
SAMPLE_SECONDS = 1.0


def tree_cpu_seconds() -> float:
    """User and system time of this process, all alive below it, and those they have outlived."""
    total = 0.0
    me = psutil.Process()
    for process in (me, *me.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue  # It ended while we looked; its parent's account has it.
        total += times.user + times.system + times.children_user + times.children_system
    return total


def tree_gib(pid: int) -> float:
    """Memory of a process and all below it; pages they share are counted once (PSS)."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue  # It ended while we looked.
    except psutil.NoSuchProcess:
        return 0.0
    return total / 2**30


def peak_gib(command: list[str], *, name: str) -> float:
    """Run a command; the most memory that it and all below it had at any second.

    Raises:
        SystemExit: It failed.
    """
    process = subprocess.Popen(command, cwd=ROOT)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, tree_gib(process.pid))
        time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        sys.exit(f"{name} ended with exit code {process.returncode}")
    return peak


class Meter:
    """Kept by a measured process: what each of its stages took, written when it closes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._began = time.monotonic()
        self.stages: dict[str, float] = {}
        self.steps: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the CPU seconds of a block under the stage's name."""
        with _counted(self.stages, name):
            yield

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the CPU seconds of a block that is part of a stage."""
        with _counted(self.steps, name):
            yield

    def close(self) -> None:
        """Write the account, the start of the process and of Spark included in its total."""
        wall = time.monotonic() - self._began
        facts = {"stages": self.stages, "steps": self.steps, "wall": wall}
        self._path.write_text(json.dumps(facts | {"cpu": tree_cpu_seconds()}))


@contextmanager
def _counted(account: dict[str, float], name: str) -> Iterator[None]:
    before = tree_cpu_seconds()
    yield
    account[name] = account.get(name, 0.0) + tree_cpu_seconds() - before


@dataclass(frozen=True)
class Account:
    """What one process took in all.

    Args:
        cpu: CPU seconds from its start to the end of its work.
        wall: Seconds.
        peak_gib: Most memory of its whole tree at any second.
        stages: CPU seconds by stage.
        steps: CPU seconds by part of a stage.
    """

    cpu: float
    wall: float
    peak_gib: float
    stages: dict[str, float]
    steps: dict[str, float]


def measured(module: str, *arguments: str, meter: Path) -> Account:
    """Run ``python -m module`` in a process of its own and read the account that it keeps."""
    command = [sys.executable, "-m", module, *arguments, "--meter", str(meter)]
    peak = peak_gib(command, name=module)
    return Account(**json.loads(meter.read_text()), peak_gib=peak)
