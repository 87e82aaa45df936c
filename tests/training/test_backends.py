import sys

import pytest

from insight.errors import TrainingFailedError
from insight.training.backends.single_backend import SingleBackend
from insight.training.plan import ReadCount
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
