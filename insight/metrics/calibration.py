"""Whether a probability of 0.3 comes true three times in ten."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from insight.metrics.arrays import Floats

BINS = 10


def equal_mass_bins(probabilities: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """The bin of each row: rows sorted by probability and cut into parts of equal size.

    Rows of one probability share a bin, so the order of the rows changes nothing; a
    contender with few different probabilities fills fewer bins.

    Args:
        probabilities: Shape (rows,).
        bins: How many parts.

    Returns:
        Bin numbers from 0, shape (rows,).
    """
    _, places, sizes = np.unique(probabilities, return_inverse=True, return_counts=True)
    middles = np.cumsum(sizes) - sizes / 2
    bin_of_value = (middles * bins / len(probabilities)).astype(np.int64)
    return np.asarray(bin_of_value[places])


def expected_calibration_error(labels: Floats, probabilities: Floats, bins: int = BINS) -> float:
    """Mean distance between probability and frequency, over bins of equal mass.

    ECE (Naeini et al. 2015, "Obtaining Well Calibrated Probabilities") with bins of equal size
    rather than width, since equal widths leave most bins empty for rare events (Nixon et al.
    2019, "Measuring Calibration in Deep Learning", adaptive calibration error).

    Args:
        labels: 0 or 1, shape (rows,).
        probabilities: Of label 1, shape (rows,).
        bins: How many bins.

    Returns:
        Between 0 (calibrated) and 1.
    """
    surplus = (labels - probabilities).astype(np.float64)
    per_bin = np.bincount(equal_mass_bins(probabilities, bins), weights=surplus, minlength=bins)
    return float(np.abs(per_bin).sum() / len(labels))


def calibration_slope(labels: Floats, probabilities: Floats) -> tuple[float, float]:
    """Slope and intercept of the labels' log-odds on the predicted log-odds.

    1 and 0 are perfect; a slope below 1 means probabilities that are too extreme (Cox 1958;
    Van Calster et al. 2016, "A calibration hierarchy for risk models").

    Args:
        labels: 0 or 1, both present; or, where it is known, how likely 1 was. Shape (rows,).
        probabilities: Of label 1, shape (rows,).
    """
    smallest = np.finfo(np.float32).eps
    chances = np.clip(probabilities.astype(np.float64), smallest, 1.0 - smallest)
    log_odds = np.log(chances / (1.0 - chances))[:, None]
    # Every row once with each end, as often as it is that: what is likely need not be drawn.
    ends, weights = np.repeat([1, 0], len(labels)), np.concatenate([labels, 1.0 - labels])
    fitted = LogisticRegression(C=np.inf).fit(np.tile(log_odds, (2, 1)), ends, weights)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
