from dataclasses import replace

import numpy as np
import pytest

from insight.encoding.tasks import YES_NO_TASKS
from insight.errors import (
    DO_NOT_RETRY,
    InsightError,
    NotFiniteError,
    TableDamagedError,
    TrainingFailedError,
)
from insight.training.group import SoloGroup
from insight.training.launch import report_of
from insight.training.loop import Training, seed_everything
from insight.training.plan import HEADS, ReadCount
from insight.training.shard import Shard
from insight.training.validation import Validator
from tests.training.examples import ITEMS, example_columns, small_plan, write_file, write_split


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("splits")
    return write_split(folder / "train", [60, 68]), write_split(folder / "v", [40], seed=90)


def _train(plan):
    seed_everything(plan.settings.seed)
    return Training(plan, SoloGroup()).run()


def test_training_learns_reads_each_row_once_and_repeats_itself(splits):
    plan = small_plan(*splits, max_epochs=3, learning_rate=0.01)
    report, again = _train(plan), _train(plan)
    losses = [entry["loss"] for entry in report.history]
    assert losses[-1] < losses[0]
    every = [example_columns(60, seed=0), example_columns(68, seed=1)]
    expected = ReadCount.of(np.concatenate([columns["row_checksum"] for columns in every]))
    assert report.read["train"] == expected
    assert report.read["validation"] == ReadCount.of(example_columns(40, seed=90)["row_checksum"])
    for name, value in report.weights.items():
        np.testing.assert_array_equal(value, again.weights[name], err_msg=name)


def test_the_yes_no_heads_find_their_features(splits):
    # Purchase follows the sign of the first feature, churn and campaign that of the second.
    plan = small_plan(*splits, max_epochs=1)
    report = _train(plan)
    said = report.answers["validation"]
    for task in YES_NO_TASKS:
        right = (said.logits[task].sum(axis=1) > 0) == (said.labels[task] > 0.5)
        assert right.mean() > 0.85, task


def test_calibration_gets_a_sample_and_metrics_are_of_all_rows(splits):
    plan = small_plan(*splits, max_epochs=1)
    model = Training(plan, SoloGroup())._model
    shard = Shard(splits[1], 0, 1)
    whole, some = (Validator(model, shard, most_answers=most).run() for most in (40, 10))
    assert some.read == whole.read
    assert some.metrics(SoloGroup()) == whole.metrics(SoloGroup())
    checksums = example_columns(40, seed=90)["row_checksum"].astype(np.uint64)
    expected = int((checksums < 2**62).sum())
    assert 0 < expected < 20
    for head, logits in some.answers().logits.items():
        assert len(logits) == len(some.answers().labels[head]) == expected
        assert len(whole.answers().logits[head]) == 40


def test_training_stops_when_validation_no_longer_improves(splits, monkeypatch):
    plan = small_plan(*splits, max_epochs=6, patience=1)
    training = Training(plan, SoloGroup())
    losses = iter([5.0, 4.0, 4.5, 1.0])

    def measured(*_):
        nothing = {f"{head}_loss": 0.0 for head in HEADS} | {"hit_rate_10": 0.0, "ndcg_10": 0.0}
        return {**nothing, "next_item_loss": next(losses)}

    monkeypatch.setattr("insight.training.validation.Validation.metrics", measured)
    report = training.run()
    assert [entry["next_item_loss"] for entry in report.history] == [5.0, 4.0, 4.5]


@pytest.mark.parametrize("kind", ["frozen", "fine_tuned"])
def test_training_learns_what_items_vectors_say(splits, kind):
    plan = small_plan(*splits, max_epochs=1, item_vectors=kind)
    vectors = np.random.default_rng(1).normal(size=(ITEMS, 3)).astype(np.float32)
    shape = replace(plan.shape, item_vectors=kind, vector_width=3)
    report = _train(replace(plan, shape=shape, item_vectors=vectors))
    learnt = {name.partition("/")[2]: values for name, values in report.weights.items()}
    assert np.abs(learnt["vector_projection"]).max() > 0
    if kind == "fine_tuned":
        moved = np.abs(learnt["vectors"] - vectors).max()
        assert 0 < moved < 0.5


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_fault_08_a_batch_that_is_not_finite_fails_closed(splits, tmp_path, poison):
    columns = example_columns(64)
    columns["features"][5, 0] = poison
    plan = small_plan((write_file(tmp_path / "bad.parquet", columns),), splits[1])
    report = report_of(plan, SoloGroup())
    assert isinstance(report.failure, NotFiniteError)
    assert report.failure.exit_code == DO_NOT_RETRY
    assert "not finite" in str(report.failure)
    assert report.weights is None


def test_fault_26_a_file_that_goes_while_it_is_read_ends_the_training(tmp_path, monkeypatch):
    # More row groups than the reader fetches ahead.
    splits = write_split(tmp_path / "t", [16] * 24), write_split(tmp_path / "v", [16], seed=9)
    plan = small_plan(*splits, max_epochs=1, batch_size=16)
    counted = ReadCount.of

    def gone(checksums):
        for file in (tmp_path / "t").iterdir():
            file.unlink()
        return counted(checksums)

    monkeypatch.setattr(ReadCount, "of", gone)
    report = report_of(plan, SoloGroup())
    assert isinstance(report.failure, InsightError)
    assert "No such file" in str(report.failure)
    assert report.weights is None


def test_an_unforeseen_error_is_reported_with_its_words(splits, tmp_path):
    garbage = tmp_path / "garbage.parquet"
    garbage.write_bytes(b"no parquet at all")
    report = report_of(small_plan((garbage.as_uri(),), splits[1]), SoloGroup())
    assert isinstance(report.failure, TrainingFailedError)
    assert "ArrowInvalid" in str(report.failure)


def test_an_unforeseen_error_does_not_repeat_values_of_rows(splits, monkeypatch):
    def fail(checksums):
        raise ValueError("could not convert 'anna@shop.example' to float")

    monkeypatch.setattr(ReadCount, "of", fail)
    report = report_of(small_plan(*splits, max_epochs=1), SoloGroup())
    assert "ValueError: could not convert [value] to float" in str(report.failure)


def test_a_file_that_is_gone_is_named(splits):
    plan = small_plan(("file:///nowhere/part-0.parquet",), splits[1])
    report = report_of(plan, SoloGroup())
    assert isinstance(report.failure, TableDamagedError)
    assert "file:///nowhere/part-0.parquet" in report.failure.found
