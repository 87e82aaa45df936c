import resource
from dataclasses import replace

import numpy as np
import pytest
from structlog.testing import capture_logs

from insight.training.checkpoints import (
    Checkpoint,
    drop_checkpoints,
    load_checkpoint,
    save_checkpoint,
)
from insight.training.group import SoloGroup
from insight.training.loop import Training, seed_everything
from insight.training.plan import HEADS
from tests.training.examples import small_plan, write_split


@pytest.fixture
def url(tmp_path):
    return f"file:{tmp_path}/lake/_checkpoints/some/member_0.npz"


def test_what_was_kept_comes_back(url):
    save_checkpoint(url, Checkpoint({"a/b": np.arange(3.0)}, {"score": 0.1, "history": [{"x": 1}]}))
    save_checkpoint(url, Checkpoint({"a/b": np.arange(4.0)}, {"score": 0.2, "history": []}))
    found = load_checkpoint(url)
    assert found.facts == {"score": 0.2, "history": []}
    np.testing.assert_array_equal(found.arrays["a/b"], np.arange(4.0))


def test_a_full_disk_leaves_the_checkpoint_before_and_nothing_else(url, tmp_path):
    save_checkpoint(url, Checkpoint({"a": np.arange(3.0)}, {}))
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, most[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            save_checkpoint(url, Checkpoint({"a": np.arange(4.0)}, {}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert [path.name for path in (tmp_path / "lake/_checkpoints/some").iterdir()] == [
        "member_0.npz"
    ]
    np.testing.assert_array_equal(load_checkpoint(url).arrays["a"], np.arange(3.0))


def test_there_may_be_none_or_one_that_is_damaged(url, tmp_path):
    assert load_checkpoint(url) is None
    save_checkpoint(url, Checkpoint({}, {}))
    path = tmp_path / "lake/_checkpoints/some/member_0.npz"
    path.write_bytes(path.read_bytes()[:50])
    assert load_checkpoint(url) is None
    drop_checkpoints(f"file:{tmp_path}/lake/_checkpoints")
    assert not path.exists()
    drop_checkpoints(f"file:{tmp_path}/lake/_checkpoints")


def test_a_lake_that_takes_no_checkpoint_does_not_end_the_training(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("insight.training.loop.save_checkpoint", full)
    splits = write_split(tmp_path / "t", [16]), write_split(tmp_path / "v", [16], seed=9)
    plan = replace(small_plan(*splits, max_epochs=2, patience=2), checkpoint="file:/nowhere/x.npz")
    with capture_logs() as said:
        report = Training(plan, SoloGroup()).run()
    assert len(report.history) == 2
    assert "No space left on device" in str(said)


def test_a_training_that_goes_on_ends_as_one_that_was_never_interrupted(tmp_path, url):
    splits = write_split(tmp_path / "t", [48]), write_split(tmp_path / "v", [16], seed=9)
    # The other heads drop units, with other draws after an interruption.
    weights = dict.fromkeys(HEADS, 0.0) | {"next_item": 1.0}
    steady = {"learning_rate": 0.01, "decay": "none", "head_weights": weights}
    plan = small_plan(*splits, max_epochs=4, stop_on="none", **steady)

    def trained(plan):
        seed_everything(plan.settings.seed)
        return Training(plan, SoloGroup()).run()

    whole = trained(plan)
    kept = replace(plan, checkpoint=url)
    shorter = replace(kept, settings=plan.settings.model_copy(update={"max_epochs": 3}))
    assert len(trained(shorter).history) == 3
    # The last epoch is not kept, so that who goes on has something to train.
    assert len(load_checkpoint(url).facts["history"]) == 2
    resumed = trained(kept)
    losses = [[entry["loss"] for entry in each.history] for each in (whole, resumed)]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for name, values in whole.weights.items():
        np.testing.assert_allclose(resumed.weights[name], values, atol=1e-5, err_msg=name)
    assert resumed.read == whole.read
