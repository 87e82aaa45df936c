"""Logistic regression over all ranks, exactly: the wide part that gradient descent crawls to."""

from dataclasses import dataclass

import numpy as np

from insight.errors import NotFiniteError
from insight.models.arrays import Array, Doubles
from insight.training.group import RankGroup

_STEPS = 50
_SMALL = 1e-8


@dataclass(frozen=True)
class _Sums:
    """Penalised loss over the rows of all ranks at some coefficients, and its derivatives."""

    loss: float
    gradient: Doubles
    curvature: Doubles


def fit_logistic_regression(
    features: Array, labels: Array, masks: Array, group: RankGroup, ridge: float
) -> tuple[Doubles, float]:
    """Coefficients and intercept by Newton's method (iteratively reweighted least squares).

    Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", section 4.4.1. Each
    rank adds up loss, gradient and curvature of its rows; these sums are all that is sent, and
    since all ranks get the same sums they take the same steps.

    Args:
        features: This rank's rows, shape (rows, width).
        labels: 0 or 1, shape (rows,).
        masks: 1 where there is a label, shape (rows,).
        group: The ranks.
        ridge: Weight of half the squared coefficients in the loss; the intercept is free.

    Returns:
        Coefficients of shape (width,), and the intercept. Zeros where no rank has a label.

    Raises:
        NotFiniteError: A feature is not finite.
    """
    kept = masks > 0
    design = np.hstack([features[kept], np.ones((int(kept.sum()), 1))]).astype(np.float64)
    targets = labels[kept].astype(np.float64)
    at = np.zeros(design.shape[1])
    here = _sums(design, targets, at, group, ridge)
    for _ in range(_STEPS):
        step = np.linalg.solve(here.curvature, here.gradient)
        there = _sums(design, targets, at - step, group, ridge)
        while there.loss > here.loss and np.abs(step).max() > _SMALL:
            step = step / 2
            there = _sums(design, targets, at - step, group, ridge)
        at, here = at - step, there
        if np.abs(step).max() < _SMALL:
            break
    return at[:-1], float(at[-1])


def _sums(design: Doubles, targets: Doubles, at: Doubles, group: RankGroup, ridge: float) -> _Sums:
    width = len(at)
    # What is not finite is refused below, once it is known to every rank.
    with np.errstate(invalid="ignore"):
        z = design @ at
        chances = 1.0 / (1.0 + np.exp(-np.clip(z, -500.0, 500.0)))
        loss = np.sum(np.logaddexp(0.0, z) - targets * z)
        gradient = design.T @ (chances - targets)
        curvature = design.T @ (design * (chances * (1.0 - chances))[:, None])
    total = group.total(np.concatenate([[loss], gradient, curvature.ravel()]))
    if not np.isfinite(total).all():
        raise NotFiniteError(
            "logistic regression on the features",
            found="a sum over the rows that is not finite",
            expected="finite features",
            next_step="look for infinite features in training_examples; nothing was published "
            "and the champion stays",
        )
    # The intercept is as good as free, but for what keeps the curvature from being singular.
    penalty = np.append(np.full(width - 1, ridge), _SMALL)
    return _Sums(
        loss=float(total[0] + 0.5 * penalty @ at**2),
        gradient=total[1 : width + 1] + penalty * at,
        curvature=total[width + 1 :].reshape(width, width) + np.diag(penalty),
    )
