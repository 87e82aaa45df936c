"""From the ranks' reports to a model: proof of what was read, calibration, files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from insight.encoding.splits import RECALIBRATION, VALIDATION
from insight.encoding.tasks import YES_NO_TASKS
from insight.errors import DataQualityError, TrainingFailedError
from insight.metrics.classification import classification_metrics, has_both_classes
from insight.models.arrays import Array
from insight.models.calibration import LogitScale, fit_temperature, save_calibration
from insight.models.history import save_history
from insight.models.item_vectors import save_vectors
from insight.models.weight_file import save_weights
from insight.training.inputs import Inputs
from insight.training.plan import CALIBRATED, RankReport, ReadCount, TrainingPlan


@dataclass(frozen=True)
class TrainedMember:
    """One encoder of a version.

    Args:
        plan: What its ranks were told.
        reports: What they said, in rank order.
    """

    plan: TrainingPlan
    reports: Sequence[RankReport]

    @cached_property
    def fitted(self) -> dict[str, LogitScale]:
        """Calibration of the heads, fitted on validation."""
        return fit_calibration(self.reports)

    @cached_property
    def scales(self) -> dict[str, LogitScale]:
        """The same, at the level of the newest labels, of the weights as they are."""
        return recalibrate(self.fitted, self.reports)


def refuse_failures(reports: Sequence[RankReport]) -> None:
    """Raise what stopped a rank; where several failed, the cause rather than its echoes.

    Raises:
        TrainingFailedError: A rank did not finish.
    """
    failures = [report.failure for report in reports if report.failure is not None]
    # A rank whose peer is gone says that Horovod was shut down: that is an echo.
    failures.sort(key=lambda failure: "Horovod" in str(failure))
    if failures:
        raise failures[0]
    if not reports or reports[0].weights is None:
        raise TrainingFailedError(
            "training",
            found=f"{len(reports)} reports, none with weights",
            expected="the best weights from rank 0",
            next_step="run train again",
        )


def refuse_misread(reports: Sequence[RankReport], inputs: Inputs) -> None:
    """Compare what all ranks read with what Spark reads of the same version.

    Raises:
        DataQualityError: Rows were lost, read twice or read differently.
    """
    for split, content in inputs.splits.items():
        read, expected = ReadCount(), content.counted
        for report in reports:
            read = read.plus(report.read.get(split, ReadCount()))
        if read != expected:
            raise DataQualityError(
                f"training examples, split {split}",
                found=f"{read.rows} rows with checksum {read.checksum} in the ranks",
                expected=f"{expected.rows} rows with checksum {expected.checksum}, as in Spark",
                next_step="check that nothing rewrote the table during training, and run again; "
                "nothing was published",
            )


def fit_calibration(reports: Sequence[RankReport]) -> dict[str, LogitScale]:
    """A scale for each head that has labels, on the validation rows that have them."""
    labelled = {head: _labelled(reports, head, VALIDATION) for head in CALIBRATED}
    return {
        head: fit_temperature(logits, labels)
        if head == "next_action"
        else LogitScale.fit(logits, labels)
        for head, (logits, labels) in labelled.items()
        if len(labels)
    }


def recalibrate(
    scales: Mapping[str, LogitScale], reports: Sequence[RankReport]
) -> dict[str, LogitScale]:
    """Each task's scale, with the level of validation and recalibration labels together.

    The slopes are those of weights that have not learned from validation; the level is that of
    the weights as they are. How often people buy drifts, but also wanders from week to week: of
    two weeks the mean is nearer to the next one than either.
    """
    return {
        head: _levelled(scale, reports, head) if head in YES_NO_TASKS else scale
        for head, scale in scales.items()
    }


def _levelled(
    scale: LogitScale, reports: Sequence[RankReport], task: str, *, but: str | None = None
) -> LogitScale:
    """The scale at the level of all splits that every rank answered to, but for one."""
    shared = set.intersection(*(set(report.levels) for report in reports)) - {but}
    if not shared:
        return scale
    found = [_labelled(reports, task, split, of="levels") for split in sorted(shared)]
    logits, labels = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return scale.shifted(logits, labels)


def recalibration_metrics(member: TrainedMember) -> dict[str, float]:
    """By how many logits the newest labels moved each task's intercept, where they did."""
    shifts = {
        task: member.scales[task].intercept
        - _levelled(scale, member.reports, task, but=RECALIBRATION).intercept
        for task, scale in member.fitted.items()
        if task in YES_NO_TASKS
    }
    return {f"recalibration.{task}.shift": shift for task, shift in shifts.items() if shift}


def validation_metrics(member: TrainedMember) -> dict[str, float]:
    """The best epoch's metrics, by ``<task>.<metric>``; calibrated on these very rows.

    These chose the epoch and the calibration, so they flatter: promotion measures anew,
    on later days.
    """
    best = min(member.reports[0].history, key=lambda entry: entry["score"])
    found = {
        "epoch": best["epoch"],
        "next_item.loss": best["next_item_loss"],
        "next_item.hit_rate_10": best["hit_rate_10"],
        "next_item.ndcg_10": best["ndcg_10"],
        "next_action.loss": best["next_action_loss"],
        "next_action.accuracy": best["next_action_accuracy"],
    }
    for task in YES_NO_TASKS:
        logits, labels = _labelled(member.reports, task, VALIDATION)
        if has_both_classes(labels):
            measured = classification_metrics(labels, member.fitted[task].probabilities(logits))
            found |= {f"{task}.{name}": value for name, value in measured.items()}
    return {f"validation.{name}": float(value) for name, value in found.items()}


def prepare_folder(folder: Path, members: Sequence[TrainedMember], inputs: Inputs) -> None:
    """Write the files of a model version, but for its manifest."""
    inputs.vocabulary.save(folder)
    inputs.features.save(folder)
    counted = members[0].plan.counted
    if counted is not None:
        counted.save(folder)
    # Trained along, they are among the weights.
    if inputs.item_vectors is not None and members[0].plan.shape.item_vectors == "frozen":
        save_vectors(folder, inputs.item_vectors)
    for number, member in enumerate(members):
        place = folder / f"member_{number}"
        place.mkdir()
        first = member.reports[0]
        member.plan.shape.save(place)
        save_history(place, first.history)
        first.blend.save(place)
        save_calibration(place, member.scales)
        save_weights(place, first.weights or {})


def _labelled(
    reports: Sequence[RankReport], task: str, split: str, *, of: str = "answers"
) -> tuple[Array, Array]:
    logits, labels, masks = (
        np.concatenate([getattr(getattr(report, of)[split], name)[task] for report in reports])
        for name in ("logits", "labels", "masks")
    )
    return logits[masks > 0], labels[masks > 0]
