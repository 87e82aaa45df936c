"""The lease, by a clock that the test sets, on local files and through Hadoop."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from insight.errors import RunConflictError
from insight.exclusive_files import ExclusiveFiles, HadoopFiles, LocalFiles, exclusive_files
from insight.lease.holding import Lease, held_lease
from insight.lease.process import ProcessIdentity
from insight.lease.term import Term

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)
SECONDS = 100


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["local", "hadoop"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ExclusiveFiles:
    if request.param == "local":
        return LocalFiles(tmp_path / "lake" / "_lease")
    return HadoopFiles(request.getfixturevalue("spark"), f"file:{tmp_path}/lake/_lease")


@pytest.fixture
def lease(files: ExclusiveFiles, clock: Clock) -> Callable[[], Lease]:
    return lambda: Lease(files, "file:/lake", seconds=SECONDS, clock=clock)


def test_one_run_holds_the_lease_and_the_other_is_told_which(lease, clock) -> None:
    first, second = lease(), lease()
    first.acquire("run 1 of 2024-03-09")
    clock.pass_seconds(SECONDS - 1)
    with pytest.raises(RunConflictError) as refused:
        second.acquire("run 2 of 2024-03-10")
    assert "run 1 of 2024-03-09 (process " in refused.value.found
    assert "since 2024-03-10 12:00:00 UTC, until 2024-03-10 12:01:40 UTC" in refused.value.found
    assert refused.value.exit_code == 1
    first.refuse_lost("table events")
    first.release()
    second.acquire("run 2 of 2024-03-10")
    with pytest.raises(RunConflictError, match="table events: found the lake's lease lost"):
        first.refuse_lost("table events")


def test_an_expired_lease_is_taken_over_and_its_run_may_not_write(lease, clock) -> None:
    first, second = lease(), lease()
    first.acquire("run 1")
    clock.pass_seconds(SECONDS)
    second.acquire("run 2")
    for _ in range(2):
        with pytest.raises(RunConflictError, match="lost; its newest term is that of run 2"):
            first.refuse_lost("table events")
    with pytest.raises(RunConflictError):
        first.renew()
    # Nor does it give back what is not its own.
    first.release()
    second.refuse_lost("table events")


def test_a_renewed_lease_is_not_taken_over(lease, clock) -> None:
    first = lease()
    first.acquire("run 1")
    clock.pass_seconds(SECONDS - 1)
    first.renew()
    clock.pass_seconds(SECONDS - 1)
    with pytest.raises(RunConflictError):
        lease().acquire("run 2")


def test_a_lease_that_is_half_over_is_renewed_before_a_commit(lease, clock) -> None:
    first = lease()
    first.acquire("run 1")
    clock.pass_seconds(SECONDS / 2 + 1)
    first.refuse_lost("table events")
    clock.pass_seconds(SECONDS / 2)
    with pytest.raises(RunConflictError):
        lease().acquire("run 2")


def test_an_expired_lease_that_nobody_took_is_held_on(lease, clock) -> None:
    first = lease()
    first.acquire("run 1")
    clock.pass_seconds(2 * SECONDS)
    first.refuse_lost("table events")
    with pytest.raises(RunConflictError):
        lease().acquire("run 2")


def test_a_run_that_was_suspended_while_others_came_and_went_has_no_lease(lease, clock) -> None:
    first = lease()
    first.acquire("run 1")
    clock.pass_seconds(SECONDS)
    for number in range(2, 6):
        other = lease()
        other.acquire(f"run {number}")
        other.release()
    # The files of its own and the next number are deleted by now.
    with pytest.raises(RunConflictError):
        first.renew()
    lease().acquire("run 6")


def test_a_storage_that_fails_after_it_created_a_file_costs_no_lease(clock, tmp_path) -> None:
    class Failing(LocalFiles):
        is_failing = False

        def create(self, name: str, text: str) -> bool:
            created = super().create(name, text)
            if self.is_failing:
                raise OSError("no answer")
            return created

    files = Failing(tmp_path)
    first = Lease(files, "file:/lake", seconds=SECONDS, clock=clock)
    first.acquire("run 1")
    files.is_failing = True
    with pytest.raises(OSError, match="no answer"):
        first.renew()
    files.is_failing = False
    first.renew()
    first.refuse_lost("table events")


def test_only_the_newest_files_are_kept(lease, files) -> None:
    first = lease()
    first.acquire("run 1")
    for _ in range(4):
        first.renew()
    assert files.names() == ["000000000004.json", "000000000005.json"]


def test_a_file_that_is_no_lease_is_named(lease, files) -> None:
    files.create("000000000001.json", '{"number": ')
    with pytest.raises(RunConflictError, match=r"cannot be read, _lease/000000000001\.json"):
        lease().acquire("run 1")


def test_a_process_is_known_to_have_ended_only_on_its_own_machine() -> None:
    own = ProcessIdentity.own()
    assert not own.has_ended()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    here = replace(own, pid=child.pid, started=_started(child.pid))
    assert not here.has_ended()
    # Another process has got the number of one that ended.
    assert replace(here, started=here.started - 1).has_ended()
    child.kill()
    # As long as nobody waits for it, it is a zombie.
    child.wait()
    assert here.has_ended()
    assert not replace(here, host="elsewhere").has_ended()
    assert not replace(here, place="another boot").has_ended()
    assert not replace(here, place="").has_ended()


def _started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


HOLDER = """
import os, signal, sys
from pathlib import Path
from insight.exclusive_files import LocalFiles
from insight.lease.holding import Lease
Lease(LocalFiles(Path(sys.argv[1])), "file:/lake", seconds=3600).acquire("run 1")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_fault_01_a_run_that_was_killed_keeps_no_other_out_on_its_machine(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", HOLDER, str(tmp_path)], check=False)
    assert killed.returncode == -9
    files = LocalFiles(tmp_path)
    assert Term.from_text(files.read("000000000001.json") or "").owner == "run 1"
    second = Lease(files, "file:/lake", seconds=3600)
    second.acquire("run 2")
    second.refuse_lost("table events")


def test_the_lease_is_renewed_meanwhile_and_given_back_at_the_end(
    spark: SparkSession, tmp_path: Path
) -> None:
    root = f"file:{tmp_path}/lake"
    with (
        pytest.raises(ValueError, match="a failure"),
        held_lease(spark, root, owner="run 1", seconds=SECONDS),
    ):
        with pytest.raises(RunConflictError), held_lease(spark, root, owner="run 2", seconds=9):
            pass
        raise ValueError("a failure")
    with held_lease(spark, root, owner="run 3", seconds=SECONDS) as third:
        third.refuse_lost("table events")
    files = exclusive_files(spark, f"{root}/_lease")
    assert isinstance(files, LocalFiles)
    assert Term.from_text(files.read(files.names()[-1]) or "").is_released
