"""What pictures of probabilities are drawn from: a few points each."""

from dataclasses import dataclass

import numpy as np

from insight.metrics.arrays import Floats
from insight.metrics.calibration import BINS, equal_mass_bins
from insight.metrics.classification import THRESHOLD

TENTHS = 10


@dataclass(frozen=True)
class Confusion:
    """Rows by what was said and what was true."""

    true_yes: int
    false_yes: int
    false_no: int
    true_no: int


@dataclass(frozen=True)
class ReliabilityPoint:
    """A bin of rows: what was said of them on average, and how often it came true."""

    predicted: float
    observed: float
    rows: int


@dataclass(frozen=True)
class GainPoint:
    """The rows with the highest scores, up to a share of all.

    Args:
        share: Of all rows.
        gain: Share of all label 1 that is among them.
        lift: How many times as often label 1 comes there as anywhere.
    """

    share: float
    gain: float
    lift: float


def confusion(labels: Floats, probabilities: Floats, threshold: float = THRESHOLD) -> Confusion:
    """Count rows, "yes" from the threshold on.

    Args:
        labels: 0 or 1, shape (rows,).
        probabilities: Of label 1, shape (rows,).
        threshold: From this probability on, "yes" is predicted.
    """
    said, true = probabilities >= threshold, labels > 0
    counted = (said & true, said & ~true, ~said & true, ~said & ~true)
    return Confusion(*(int(each.sum()) for each in counted))


def reliability(labels: Floats, probabilities: Floats, bins: int = BINS) -> list[ReliabilityPoint]:
    """Bins of equal size by rising probability, as the calibration error has them.

    A reliability diagram (DeGroot and Fienberg 1983); empty bins, where many rows are of one
    probability, are left out.
    """
    bin_of = equal_mass_bins(probabilities, bins)
    members = [bin_of == number for number in range(bins)]
    return [
        ReliabilityPoint(float(probabilities[m].mean()), float(labels[m].mean()), int(m.sum()))
        for m in members
        if m.any()
    ]


def gains_by_tenth(labels: Floats, probabilities: Floats) -> list[GainPoint]:
    """Cumulative gain and lift of the first one to ten tenths, highest probabilities first.

    Lift charts (Witten and Frank, "Data Mining"); ties stand in the order of the rows. Empty
    without a label 1.
    """
    order = np.argsort(-probabilities, kind="stable")
    found, rows = np.cumsum(labels[order] > 0), len(labels)
    if not rows or not found[-1]:
        return []
    ends = [max(1, round(rows * tenth / TENTHS)) for tenth in range(1, TENTHS + 1)]
    gains = [float(found[end - 1] / found[-1]) for end in ends]
    return [
        GainPoint(end / rows, gain, gain * rows / end)
        for end, gain in zip(ends, gains, strict=True)
    ]
