import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from structlog.testing import capture_logs

from insight.errors import MAY_BE_RETRIED, SettingsError, TrainingFailedError
from insight.settings import TrainingSettings
from insight.training import monitor
from insight.training.backends import backend_for, horovod_backend
from insight.training.backends.horovod_backend import HorovodBackend
from insight.training.backends.horovodrun_backend import HorovodrunBackend
from insight.training.backends.ranks import explained
from insight.training.backends.single_backend import SingleBackend
from insight.training.plan import ReadCount
from insight.training.process import environment
from tests.training.examples import example_columns, small_plan, write_split


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("splits")
    train, validation = write_split(folder / "t", [40]), write_split(folder / "v", [20], seed=9)
    return small_plan(train, validation, max_epochs=1)


def test_one_rank_trains_in_a_process_of_its_own(plan):
    (report,) = SingleBackend(timeout_seconds=120).train(plan)
    assert report.failure is None
    assert report.weights
    assert report.read["train"] == ReadCount.of(example_columns(40)["row_checksum"])


def test_a_process_that_dies_is_a_typed_failure(plan, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(TrainingFailedError, match="exit code 1"):
        SingleBackend(timeout_seconds=120).train(plan)


def test_two_ranks_of_horovodrun_read_each_row_once_and_agree(tmp_path):
    splits = write_split(tmp_path / "t", [40, 40]), write_split(tmp_path / "v", [20, 20], seed=9)
    # Both ways to send less and count in less are asked for; on CPUs they cost time.
    fast = {"gradient_compression": "fp16", "precision": "mixed", "scale_learning_rate": "sqrt"}
    plan = small_plan(*splits, max_epochs=2, ranks=2, **fast)
    reports = HorovodrunBackend(plan.settings).train(plan)
    assert [report.failure for report in reports] == [None, None]
    read = reports[0].read["train"].plus(reports[1].read["train"])
    every = [example_columns(40, seed=seed)["row_checksum"] for seed in (0, 1)]
    assert read == ReadCount.of(np.concatenate(every))
    losses = [entry["loss"] for entry in reports[0].history]
    assert losses[1] < losses[0]
    # The tolerance that docs/models.md states for two runs with one seed.
    again = HorovodrunBackend(plan.settings).train(plan)[0].history
    np.testing.assert_allclose([entry["loss"] for entry in again], losses, rtol=1e-3)
    assert all(np.isfinite(values).all() for values in reports[0].weights.values())


def test_fault_05_a_machine_that_is_gone_without_a_word_ends_the_wait(spark, plan, monkeypatch):
    """Horovod waits in the main thread: what cannot be called back is ended."""
    over, ended = threading.Event(), []

    def end(code: int) -> None:
        ended.append(code)
        over.set()

    monkeypatch.setattr(horovod_backend, "longest_seconds", lambda _: 0.2)
    monkeypatch.setattr(os, "_exit", end)
    monkeypatch.setattr("horovod.spark.run", lambda *_, **__: [over.wait(60)])
    with capture_logs() as said:
        assert HorovodBackend(spark, plan.settings).train(plan) == [True]
    assert ended == [MAY_BE_RETRIED]
    assert "no end within" in said[-1]["message"]


@pytest.mark.parametrize(
    ("code", "said"), [("-9", "with exit code -9"), ("None", "its machine is gone")]
)
def test_the_rank_that_ended_first_is_named(code, said):
    words = f"The first process to do so was:\nProcess name: 3\nExit code: {code}\n"
    error = explained(words, 8)
    assert error.subject == "training, rank 3 of 8"
    assert said in error.found


def test_a_monitor_that_is_gone_does_not_fail_what_it_watched():
    with monitor.watched(0, stall_seconds=2):
        (listener,) = [
            each
            for each in psutil.Process().children()
            if "insight.training.monitor" in each.cmdline()
        ]
        listener.kill()
        listener.wait()
        # Long enough for some signs of life that nobody hears.
        time.sleep(0.5)


def test_ranks_get_the_mean_of_their_gradients_and_none_of_the_keys(tmp_path, monkeypatch):
    """In ranks of their own: one gives 1 and 2, the other 3 and 6."""
    monkeypatch.setenv("INSIGHT_MODEL_KEY", "k" * 32)
    script = tmp_path / "rank.py"
    script.write_text(
        "import os, sys\n"
        "import tensorflow as tf\n"
        "from insight.training.backends.horovod_group import HorovodGroup\n"
        "group = HorovodGroup(sys.argv[1])\n"
        "own = [tf.fill((2, 2), 1.0 + 2 * group.rank), tf.fill((3,), 2.0 + 4 * group.rank)]\n"
        "means = [mean.numpy().ravel().tolist() for mean in tf.function(group.mean)(own)]\n"
        "assert means == [[2.0] * 4, [4.0] * 3], means\n"
        "assert 'INSIGHT_MODEL_KEY' not in os.environ\n"
    )
    horovodrun = Path(sys.executable).parent / "horovodrun"
    for compression in ("none", "fp16"):
        command = [horovodrun, "--gloo", "-np", "2", sys.executable, script, compression]
        subprocess.run(command, env=environment(), check=True, timeout=120)


def test_several_hosts_without_a_folder_in_common_are_refused(spark):
    hosts = TrainingSettings(backend="horovodrun", launch={"hosts": "gpu1:4,gpu2:4"})
    with pytest.raises(SettingsError, match="gpu1:4,gpu2:4"):
        backend_for(hosts, spark)


def test_ranks_that_cannot_start_are_a_typed_failure(plan, monkeypatch):
    monkeypatch.setattr(HorovodrunBackend, "_command", lambda *_: ["/nowhere/horovodrun"])
    with pytest.raises(TrainingFailedError, match="/nowhere/horovodrun could not start"):
        HorovodrunBackend(plan.settings).train(plan)
    monkeypatch.setattr(HorovodrunBackend, "_command", lambda *_: ["/bin/echo", "no route to gpu1"])
    with pytest.raises(TrainingFailedError, match="no route to gpu1"):
        HorovodrunBackend(plan.settings).train(plan)


def test_a_backend_that_is_none_is_named_beside_those_there_are(spark):
    with pytest.raises(SettingsError, match="one of horovod, horovodrun, single"):
        backend_for(TrainingSettings(backend="ray"), spark)
    assert isinstance(backend_for(TrainingSettings(backend="single"), spark), SingleBackend)
