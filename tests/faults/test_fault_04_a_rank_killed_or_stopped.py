"""A rank is killed, or stopped, in the middle of a training: the job ends and says which."""

import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from insight.errors import TrainingFailedError
from insight.training.backends.horovod_backend import HorovodBackend
from insight.training.checkpoints import load_checkpoint
from insight.training.outcome import refuse_failures
from tests.training.examples import small_plan, write_split

EPOCHS = 400
RANK, MONITOR = "horovod.spark.task.gloo_exec_fn", "insight.training.monitor"
STALL_SECONDS = 10
DEADLINE_SECONDS = 60


@pytest.fixture
def plan(tmp_path):
    splits = write_split(tmp_path / "train", [64, 64]), write_split(tmp_path / "v", [16, 16])
    launch = {"stall_seconds": STALL_SECONDS}
    plan = small_plan(*splits, max_epochs=EPOCHS, stop_on="none", ranks=2, launch=launch)
    return replace(plan, checkpoint=f"file://{tmp_path}/_checkpoints/member_0.npz")


def _signalled_after_an_epoch(plan, number: int, rank: int) -> list[float]:
    """Sends the rank a signal once the first epoch is kept; holds when, once it is done."""

    def send() -> None:
        while not Path(plan.checkpoint.removeprefix("file://")).exists():
            time.sleep(0.05)
        for process in _ranks(rank):
            process.send_signal(number)
        sent.append(time.monotonic())

    sent: list[float] = []
    threading.Thread(target=send, daemon=True).start()
    return sent


def _ranks(rank: int) -> list[psutil.Process]:
    """This test's process of a rank: not the shell that began it, nor its monitor."""
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            is_rank = RANK in process.cmdline()
            if is_rank and rank == int(process.environ()["HOROVOD_RANK"]):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def _is_ours(process: psutil.Process) -> bool:
    try:
        return bool({RANK, MONITOR} & set(process.cmdline()))
    except psutil.NoSuchProcess:
        return False


# Rank 0 keeps the checkpoints, and is the one that the other looks to.
@pytest.mark.parametrize(
    ("number", "rank"),
    [(signal.SIGKILL, 0), (signal.SIGKILL, 1), (signal.SIGSTOP, 1)],
    ids=["fault_04_first_killed", "fault_04_killed", "fault_05_stopped"],
)
def test_fault_04_05_the_ranks_end_and_the_error_names_the_one(spark, plan, number, rank):
    sent = _signalled_after_an_epoch(plan, number, rank)
    with pytest.raises(TrainingFailedError, match=f"rank {rank} of 2"):
        refuse_failures(HorovodBackend(spark, plan.settings).train(plan))
    assert time.monotonic() - sent[0] < DEADLINE_SECONDS
    left = [each for each in psutil.Process().children(recursive=True) if _is_ours(each)]
    assert left == []
    if (number, rank) == (signal.SIGKILL, 1):
        _goes_on(spark, plan)


def _goes_on(spark, plan) -> None:
    """The next run begins after the epochs that were kept."""
    kept = load_checkpoint(plan.checkpoint).facts["history"]
    one_more = plan.settings.model_copy(update={"max_epochs": len(kept) + 1})
    reports = HorovodBackend(spark, one_more).train(replace(plan, settings=one_more))
    refuse_failures(reports)
    assert len(kept) >= 1
    assert list(reports[0].history[:-1]) == kept
