"""Logistic regressions over the rows of all ranks, exact, from sums over blocks of rows."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from insight.errors import NotFiniteError
from insight.models.arrays import Array, Doubles
from insight.training.group import RankGroup

_STEPS = 50
_SMALL = 1e-8


class Labelled(NamedTuple):
    """Some rows of one task.

    Args:
        features: Shape (rows, width).
        labels: 0 or 1, shape (rows,).
        masks: 1 where there is a label, shape (rows,).
    """

    features: Array
    labels: Array
    masks: Array


class Problem(NamedTuple):
    """One regression.

    Args:
        task: Whose rows it learns from.
        ridge: Weight of half the squared coefficients in the loss; the intercept is free.
    """

    task: str
    ridge: float


class Solution(NamedTuple):
    """Coefficients of shape (width,), and the intercept; zeros where no rank has a label."""

    coefficients: Doubles
    intercept: float


Blocks = Iterable[Mapping[str, Labelled]]
"""A rank's rows by task, block by block. It is iterated once per Newton step."""


class _Sums(NamedTuple):
    """Penalised loss over the rows of all ranks at some coefficients, and its derivatives."""

    loss: float
    gradient: Doubles
    curvature: Doubles


def fit_logistic_regressions(
    blocks: Blocks, problems: Sequence[Problem], widths: Mapping[str, int], group: RankGroup
) -> list[Solution]:
    """Solve all problems by Newton's method (iteratively reweighted least squares).

    Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", section 4.4.1. Each
    pass over the rows adds up loss, gradient and curvature of every problem that is not solved
    yet. Only these sums are held and sent, so memory does not grow with the number of rows.
    All ranks get the same sums and take the same steps.

    Args:
        blocks: This rank's rows.
        problems: What to solve, those of a task beside each other.
        widths: Number of features of each task.
        group: The ranks.

    Returns:
        A solution for each problem.

    Raises:
        NotFiniteError: A feature is not finite.
    """
    searches = [_newton(widths[problem.task], problem.ridge) for problem in problems]
    points = {number: next(search) for number, search in enumerate(searches)}
    solved: dict[int, Solution] = {}
    while points:
        asked = [(problems[number].task, at) for number, at in points.items()]
        totals = _totals(blocks, asked, group)
        for number, total in zip(list(points), totals, strict=True):
            try:
                points[number] = searches[number].send(total)
            except StopIteration as end:
                solved[number] = end.value
                del points[number]
    return [solved[number] for number in range(len(problems))]


def _newton(width: int, ridge: float) -> Generator[Doubles, Doubles, Solution]:
    """Damped Newton steps: yield the point to evaluate, receive the sums there."""
    # The tiny penalty of the intercept keeps the curvature from being singular.
    penalty = np.append(np.full(width, ridge), _SMALL)
    at = np.zeros(width + 1)
    here = _penalised((yield at), at, penalty)
    for _ in range(_STEPS):
        step = np.linalg.solve(here.curvature, here.gradient)
        there = _penalised((yield at - step), at - step, penalty)
        while there.loss > here.loss and np.abs(step).max() > _SMALL:
            step = step / 2
            there = _penalised((yield at - step), at - step, penalty)
        at, here = at - step, there
        if np.abs(step).max() < _SMALL:
            break
    return Solution(at[:-1], float(at[-1]))


def _penalised(total: Doubles, at: Doubles, penalty: Doubles) -> _Sums:
    size = len(at)
    return _Sums(
        loss=float(total[0] + 0.5 * penalty @ at**2),
        gradient=total[1 : size + 1] + penalty * at,
        curvature=total[size + 1 :].reshape(size, size) + np.diag(penalty),
    )


def _totals(
    blocks: Blocks, asked: Sequence[tuple[str, Doubles]], group: RankGroup
) -> list[Doubles]:
    """Loss, gradient and curvature at each point, over the rows of all ranks; one flat array."""
    sums = [np.zeros(1 + len(at) + len(at) ** 2) for _, at in asked]
    for block in blocks:
        # One task after the other: its design is a copy in double precision.
        for task, of_task in groupby(zip(sums, asked, strict=True), lambda each: each[1][0]):
            design, targets = _design(block[task])
            for total, (_, at) in of_task:
                np.add(total, _sums(design, targets, at), out=total)
    ends = np.cumsum([len(total) for total in sums])[:-1]
    found = group.total(np.concatenate(sums))
    if not np.isfinite(found).all():
        raise NotFiniteError(
            "logistic regression on the features",
            found="a sum over the rows that is not finite",
            expected="finite features",
            next_step="look for infinite features in training_examples; nothing was published "
            "and the champion stays",
        )
    return np.split(found, ends)


def _design(rows: Labelled) -> tuple[Doubles, Doubles]:
    """The labelled rows' features with a column of ones, and their labels."""
    kept = rows.masks > 0
    ones = np.ones((int(kept.sum()), 1))
    design = np.hstack([rows.features[kept], ones], dtype=np.float64)
    return design, rows.labels[kept].astype(np.float64)


def _sums(design: Doubles, targets: Doubles, at: Doubles) -> Doubles:
    # A sum that is not finite is refused when every rank knows it.
    with np.errstate(invalid="ignore"):
        z = design @ at
        chances = 1.0 / (1.0 + np.exp(-np.clip(z, -500.0, 500.0)))
        loss = np.sum(np.logaddexp(0.0, z) - targets * z)
        gradient = design.T @ (chances - targets)
        curvature = design.T @ (design * (chances * (1.0 - chances))[:, None])
    return np.concatenate([[loss], gradient, curvature.ravel()])
