"""Solves the wide parts of the yes-or-no heads, before the rest is trained and after it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from insight.encoding.tasks import CONTEXT_WIDTH, YES_NO_TASKS, read_by
from insight.models.customer_model import CustomerModel
from insight.training.buckets import in_windows
from insight.training.group import RankGroup
from insight.training.regression import Labelled, Problem, Solution, fit_logistic_regressions
from insight.training.shard import Arrays, Shard, open_row_groups

RIDGES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
BLOCK_ROWS = 65_536
"""Rows that are worked on at once: with 70 features in double precision 37 MB, in a few copies."""
HELD_BYTES = 128 * 2**20
"""Rows are held in memory up to this size; those beyond it lie in temporary files."""
_COLUMNS = (
    "features",
    "campaign_context",
    *(f"{prefix}{task}" for task in YES_NO_TASKS for prefix in ("", "has_")),
)


class LabelledBlocks:
    """The rows of some shards by task, in blocks of at most ``BLOCK_ROWS``, for many passes.

    The shards are read in the first pass. Later passes take their rows from memory and, above
    ``HELD_BYTES``, from temporary files, which need no decoding.

    Args:
        shards: This rank's shares of the splits.
    """

    def __init__(self, shards: Sequence[Shard]) -> None:
        self._shards = shards
        self._held: list[Arrays] = []
        self._spilled = 0
        self._folder: TemporaryDirectory[str] | None = None
        self._is_read = False

    def __iter__(self) -> Iterator[dict[str, Labelled]]:
        for rows in self._again() if self._is_read else self._first():
            yield {task: _labelled(task, rows) for task in YES_NO_TASKS}

    def close(self) -> None:
        """Remove the temporary files, if there are any."""
        if self._folder is not None:
            self._folder.cleanup()

    def _first(self) -> Iterator[Arrays]:
        size = 0
        for rows in in_windows(self._row_groups(), BLOCK_ROWS, sys.maxsize):
            size += sum(values.nbytes for values in rows.values())
            if size <= HELD_BYTES:
                self._held.append(rows)
            else:
                self._spill(rows)
            yield rows
        self._is_read = True

    def _again(self) -> Iterator[Arrays]:
        yield from self._held
        for number in range(self._spilled):
            yield {name: np.load(self._place(number, name)) for name in _COLUMNS}

    def _spill(self, rows: Arrays) -> None:
        for name in _COLUMNS:
            np.save(self._place(self._spilled, name), rows[name])
        self._spilled += 1

    def _place(self, number: int, column: str) -> Path:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="insight-wide-")
        return Path(self._folder.name) / f"{number}_{column}.npy"

    def _row_groups(self) -> Iterator[Arrays]:
        for shard in self._shards:
            with open_row_groups(shard, _COLUMNS) as groups:
                yield from groups


def set_wide_parts(
    model: CustomerModel, train: Shard, validation: Shard, group: RankGroup
) -> dict[str, float]:
    """Fit each head's regression on the features, and set it.

    The ridge is chosen on validation: a task with few answers, such as campaigns, needs a larger
    one than a task with many.

    Returns:
        The ridge of each task.

    Raises:
        NotFiniteError: A feature is not finite.
    """
    problems = [Problem(task, ridge) for task in YES_NO_TASKS for ridge in RIDGES]
    widths = _widths(model)
    with closing(LabelledBlocks([train])) as learnt:
        fits = fit_logistic_regressions(learnt, problems, widths, group)
    with closing(LabelledBlocks([validation])) as judged:
        losses = _mean_losses(fits, problems, judged, group)
    ridges = {}
    for task, head in zip(YES_NO_TASKS, model.yes_no, strict=True):
        of_task = [number for number, problem in enumerate(problems) if problem.task == task]
        best = min(of_task, key=lambda number: losses[number])
        head.set_wide(*fits[best])
        ridges[task] = problems[best].ridge
    return ridges


def refit_wide_parts(
    model: CustomerModel, shards: Sequence[Shard], ridges: Mapping[str, float], group: RankGroup
) -> None:
    """Fit each head's regression on all rows whose labels are known by now, and set it.

    Validation has chosen what it had to; its rows are the newest there are to learn from.

    Args:
        model: As it was trained.
        shards: This rank's shares of the splits.
        ridges: From ``set_wide_parts``.
        group: The ranks.

    Raises:
        NotFiniteError: A feature is not finite.
    """
    problems = [Problem(task, ridges[task]) for task in YES_NO_TASKS]
    with closing(LabelledBlocks(shards)) as known:
        fits = fit_logistic_regressions(known, problems, _widths(model), group)
    for fit, head in zip(fits, model.yes_no, strict=True):
        head.set_wide(*fit)


def _widths(model: CustomerModel) -> dict[str, int]:
    """Number of features that each task reads."""
    of_column = {"features": model.shape.feature_width, "campaign_context": CONTEXT_WIDTH}
    return {task: sum(of_column[name] for name in read_by(task)) for task in YES_NO_TASKS}


def _labelled(task: str, rows: Arrays) -> Labelled:
    """Features side by side as the head reads them, labels and masks of a task."""
    parts = [rows[name] for name in read_by(task)]
    features = np.hstack(parts) if len(parts) > 1 else parts[0]
    return Labelled(features, rows[task], rows[f"has_{task}"])


def _mean_losses(
    fits: Sequence[Solution],
    problems: Sequence[Problem],
    judged: LabelledBlocks,
    group: RankGroup,
) -> list[float]:
    """Log loss of each fit over the labelled rows of all ranks; 0 where there are none."""
    sums = np.zeros((len(fits), 2))
    for block in judged:
        for number, (fit, problem) in enumerate(zip(fits, problems, strict=True)):
            rows = block[problem.task]
            logits = rows.features @ fit.coefficients + fit.intercept
            losses = np.logaddexp(0.0, logits) - rows.labels * logits
            sums[number] += (losses * rows.masks).sum(), rows.masks.sum()
    totals, counts = group.total(sums.ravel()).reshape(sums.shape).T
    return [float(mean) for mean in totals / np.maximum(counts, 1.0)]
