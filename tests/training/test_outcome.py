from types import SimpleNamespace

import numpy as np
import pytest

from insight.errors import DataQualityError, TrainingFailedError
from insight.training.outcome import (
    TrainedMember,
    recalibration_metrics,
    refuse_failures,
    refuse_misread,
    validation_metrics,
)
from insight.training.plan import CALIBRATED, HEADS, Answers, RankReport, ReadCount
from insight.training.validation import is_sampled


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
        RankReport(0, {"train": ReadCount(20, 2**64 - 1), "validation": ReadCount(10, 5)}),
        RankReport(1, {"train": ReadCount(10, 8)}),
    ]
    refuse_misread(reports, INPUTS)


@pytest.mark.parametrize("read", [ReadCount(29, 7), ReadCount(30, 8)])
def test_a_lost_or_changed_row_is_refused(read):
    report = RankReport(0, {"train": read, "validation": ReadCount(10, 5)})
    with pytest.raises(DataQualityError, match="30 rows with checksum 7, as in Spark"):
        refuse_misread([report], INPUTS)


_MEASURED = (*(f"{head}_loss" for head in HEADS), "hit_rate_10", "ndcg_10", "next_action_accuracy")
HISTORY = ({"epoch": 1, "score": 2.0, **dict.fromkeys(_MEASURED, 0.5)},)


def _answers(logits: list[float], labels: list[float], masks: list[float]) -> Answers:
    """Of purchase; nobody is asked about anything else."""
    nobody = np.zeros(len(logits))
    others = [head for head in CALIBRATED if head != "purchase"]
    return Answers(
        {"purchase": np.array(logits)[:, None], **dict.fromkeys(others, nobody[:, None])},
        {"purchase": np.array(labels), **dict.fromkeys(others, nobody)},
        {"purchase": np.array(masks), **dict.fromkeys(others, nobody)},
    )


def _member(validation: Answers, **levels: Answers) -> TrainedMember:
    answers = {"validation": validation}
    return TrainedMember(None, [RankReport(0, answers=answers, levels=levels, history=HISTORY)])


def test_masked_rows_take_no_part_in_calibration():
    member = _member(_answers([-2.0, 0.0, 2.0, 50.0], [0, 1, 1, 0], [1, 1, 1, 0]))
    assert member.scales == member.fitted
    # What nobody was asked about has no scale, and so no probability.
    assert set(member.scales) == {"purchase"}
    assert member.scales["purchase"].slopes[0] > 0
    assert recalibration_metrics(member) == {}
    metrics = validation_metrics(member)
    assert metrics["validation.purchase.auc"] == 1.0
    assert "validation.churn.auc" not in metrics


def test_recalibration_moves_the_intercept_towards_the_newer_base_rate_and_nothing_else():
    # Four of six bought after the validation cut-off, and none of four lately. Of these ten rows
    # Platt's targets are (4 + 1) / (4 + 2) and 1 / (6 + 2): their mean is what the likeliest
    # intercept predicts on the mean. The last row has no label.
    validation = _answers([0.0, 0.0, 0.0, 0.0, 1.0, 1.0], [0, 0, 1, 1, 1, 1], [1] * 6)
    lately = _answers([0.0, 0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0, 1], [1, 1, 1, 1, 0])
    # So are the weights that have learned from both, which for once say the same.
    levels = {"validation": validation, "recalibration": lately}
    report = RankReport(0, answers={"validation": validation}, levels=levels, history=HISTORY)
    member = TrainedMember(None, [report])
    before, after = member.fitted["purchase"], member.scales["purchase"]
    assert after.slopes == before.slopes
    assert after.intercept < before.intercept
    logits = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])[:, None]
    expected = (4 * 5 / 6 + 6 / 8) / 10
    np.testing.assert_allclose(after.probabilities(logits).mean(), expected, atol=1e-6)
    moved = recalibration_metrics(member)
    assert set(moved) == {"recalibration.purchase.shift"}
    # The weights as they are say what the others said: what moved, the newer labels moved.
    assert moved["recalibration.purchase.shift"] == pytest.approx(
        after.intercept - before.intercept, abs=1e-3
    )
    assert validation_metrics(member) == validation_metrics(_member(validation))


def test_the_level_is_that_of_the_weights_as_they_are():
    # Refitted, the weights say 1 more to everybody: the intercept takes that back.
    judged = _answers([-1.0, 0.0, 1.0, 2.0], [0, 0, 1, 1], [1] * 4)
    refitted = _answers([0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1], [1] * 4)
    report = RankReport(0, answers={"validation": judged}, levels={"validation": refitted})
    member = TrainedMember(None, [report])
    before, after = member.fitted["purchase"], member.scales["purchase"]
    assert after.slopes == before.slopes
    assert after.intercept == pytest.approx(before.intercept - before.slopes[0], abs=1e-3)


def test_a_share_of_rows_is_sampled_by_their_checksums_alone():
    checksums = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 20_000)
    tenth = is_sampled(checksums, 0.1)
    # Five deviations of a binomial draw of a tenth are 212.
    assert abs(int(tenth.sum()) - 2_000) < 212
    np.testing.assert_array_equal(is_sampled(checksums[::-1], 0.1), tenth[::-1])
    assert not (tenth & ~is_sampled(checksums, 0.2)).any()
    ends = np.array([-1, 0, 2**63 - 1, -(2**63)])
    assert is_sampled(ends, 1.0).all()
    assert is_sampled(ends, 0.25).tolist() == [False, True, False, False]
