from types import SimpleNamespace

import numpy as np
import pytest

from insight.errors import DataQualityError, TrainingFailedError
from insight.training.outcome import (
    fit_calibration,
    refuse_failures,
    refuse_misread,
    validation_metrics,
)
from insight.training.plan import CALIBRATED, HEADS, RankReport, ReadCount


def _failure(found: str) -> TrainingFailedError:
    return TrainingFailedError("training", found=found, expected="an end", next_step="look")


def test_the_cause_is_raised_not_its_echo():
    echo = RankReport(0, failure=_failure("HorovodInternalError: Horovod has been shut down"))
    cause = RankReport(1, failure=_failure("a loss that is not finite"))
    with pytest.raises(TrainingFailedError, match="not finite"):
        refuse_failures([echo, cause])


def test_no_weights_are_a_failure():
    with pytest.raises(TrainingFailedError, match="none with weights"):
        refuse_failures([RankReport(0)])


def _split(rows: int, checksum: int) -> SimpleNamespace:
    return SimpleNamespace(counted=ReadCount(rows, checksum))


INPUTS = SimpleNamespace(splits={"train": _split(30, 7), "validation": _split(10, 5)})


def test_the_sum_over_ranks_is_compared_with_spark():
    reports = [
        RankReport(0, train_read=ReadCount(20, 2**64 - 1), validation_read=ReadCount(10, 5)),
        RankReport(1, train_read=ReadCount(10, 8)),
    ]
    refuse_misread(reports, INPUTS)


@pytest.mark.parametrize("read", [ReadCount(29, 7), ReadCount(30, 8)])
def test_a_lost_or_changed_row_is_refused(read):
    report = RankReport(0, train_read=read, validation_read=ReadCount(10, 5))
    with pytest.raises(DataQualityError, match="30 rows with checksum 7, as in Spark"):
        refuse_misread([report], INPUTS)


def test_masked_rows_take_no_part_in_calibration():
    nothing = {head: np.zeros(4) for head in CALIBRATED}
    logits = {head: np.zeros((4, 1)) for head in CALIBRATED}
    logits["purchase"] = np.array([[-2.0], [0.0], [2.0], [50.0]])
    labels = {**nothing, "purchase": np.array([0.0, 1.0, 1.0, 0.0])}
    masks = {**nothing, "purchase": np.array([1.0, 1.0, 1.0, 0.0])}
    names = (*(f"{head}_loss" for head in HEADS), "hit_rate_10", "ndcg_10", "next_action_accuracy")
    history = ({"epoch": 1, "score": 2.0, **dict.fromkeys(names, 0.5)},)
    report = RankReport(0, logits=logits, labels=labels, masks=masks, history=history)
    scales = fit_calibration([report])
    # What nobody was asked about has no scale, and so no probability.
    assert set(scales) == {"purchase"}
    assert scales["purchase"].slopes[0] > 0
    metrics = validation_metrics([report], scales)
    assert metrics["validation.purchase.auc"] == 1.0
    assert "validation.churn.auc" not in metrics
