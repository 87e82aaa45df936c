"""Makes probabilities of logits: 0.3 shall come true three times in ten."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from insight.models.arrays import Array, Doubles, Floats

FILE = "calibration.json"
_NEWTON_STEPS = 50
_RIDGE = 1e-6
_TEMPERATURE_SLOPES = (0.05, 5.0)


@dataclass(frozen=True)
class LogitScale:
    """The probability of a logit in parts z is sigmoid(slopes · z + intercept).

    With one part this is Platt scaling (Platt 1999, "Probabilistic outputs for support vector
    machines"); with several it is stacking (Wolpert 1992), which takes from a part as much as
    proved right on rows that no part was trained on.
    """

    slopes: tuple[float, ...]
    intercept: float = 0.0

    def probabilities(self, logits: Array) -> Floats:
        """Probabilities of shape (rows,) for parts of shape (rows, parts)."""
        return _sigmoid(logits @ np.array(self.slopes) + self.intercept).astype(np.float32)

    @classmethod
    def fit(cls, logits: Array, labels: Array) -> "LogitScale":
        """Maximum likelihood by Newton's method, with Platt's softened targets.

        The softening (section 2.2 there) keeps slopes finite where the classes are separable.
        A part whose slope would be negative is left out, the last one first. Where none is
        left, or there is one class only, the sum of the parts is shifted and nothing else.

        Args:
            logits: Shape (rows, parts).
            labels: 0 or 1, shape (rows,).
        """
        parts = logits.shape[1]
        if len(labels) == 0:
            return cls((1.0,) * parts)
        targets, one = _softened(labels), np.ones((len(labels), 1))
        has_both = 0 < float(labels.sum()) < len(labels)
        for kept in range(parts if has_both else 0, 0, -1):
            *slopes, intercept = _newton(np.hstack([logits[:, :kept], one]), targets, 0.0)
            if min(slopes) > 0:
                dropped = (0.0,) * (parts - kept)
                return cls((*map(float, slopes), *dropped), float(intercept))
        return cls((1.0,) * parts).shifted(logits, labels)

    def shifted(self, logits: Array, labels: Array) -> "LogitScale":
        """The same slopes, with the intercept that is likeliest on other rows.

        It follows a base rate that has moved, and leaves the order of customers as it was. With
        no rows nothing moves.

        Args:
            logits: Shape (rows, parts).
            labels: 0 or 1, shape (rows,).
        """
        if len(labels) == 0:
            return self
        one = np.ones((len(labels), 1))
        (shift,) = _newton(one, _softened(labels), logits @ np.array(self.slopes))
        return LogitScale(self.slopes, float(shift))


def fit_temperature(logits: Array, labels: Array) -> LogitScale:
    """The one slope under which a softmax has the least log loss (Guo et al. 2017, section 4.2).

    Args:
        logits: Shape (rows, classes); a row at least.
        labels: Class of each row, shape (rows,).
    """
    wide, classes = logits.astype(np.float64), labels.astype(np.int64)[:, None]

    def loss(slope: float) -> float:
        said = np.take_along_axis(log_softmax(wide * slope, axis=1), classes, axis=1)
        return -float(said.mean())

    found = minimize_scalar(loss, bounds=_TEMPERATURE_SLOPES, method="bounded")
    return LogitScale((float(found.x),))


def save_calibration(folder: Path, scales: Mapping[str, LogitScale]) -> None:
    """Write ``calibration.json``."""
    content = {head: asdict(scale) for head, scale in scales.items()}
    (folder / FILE).write_text(json.dumps(content, indent=1))


def load_calibration(folder: Path) -> dict[str, LogitScale]:
    """Read ``calibration.json``: a scale for each head that learned from labels."""
    content = json.loads((folder / FILE).read_text())
    return {
        head: LogitScale(tuple(values["slopes"]), values["intercept"])
        for head, values in content.items()
    }


def _softened(labels: Array) -> Doubles:
    """Platt's targets: as if each class had been seen once more."""
    positives = float(labels.sum())
    high, low = (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2)
    return np.where(labels > 0.5, high, low).astype(np.float64)


def _newton(design: Array, targets: Doubles, offset: Array | float) -> Doubles:
    """Coefficients that minimise log loss, by damped Newton steps."""

    def loss(at: Doubles) -> float:
        z = design @ at + offset
        return float(np.sum(np.logaddexp(0.0, z) - targets * z))

    design = design.astype(np.float64)
    coefficients = np.zeros(design.shape[1])
    for _ in range(_NEWTON_STEPS):
        chances = _sigmoid(design @ coefficients + offset)
        gradient = design.T @ (chances - targets)
        curvature = design.T @ (design * (chances * (1 - chances))[:, None])
        step = np.linalg.solve(curvature + _RIDGE * np.eye(len(coefficients)), gradient)
        while loss(coefficients - step) > loss(coefficients) and np.abs(step).max() > 1e-12:
            step = step / 2
        coefficients = coefficients - step
        if np.abs(step).max() < 1e-10:
            break
    return coefficients


def _sigmoid(z: Array) -> Doubles:
    return 1.0 / (1.0 + np.exp(-np.clip(z.astype(np.float64), -500.0, 500.0)))
