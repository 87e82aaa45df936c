"""Past nights in order of time: folds whose test windows follow each other without overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from insight.settings import ExampleSettings
from insight.settings.dates import EARLIEST


@dataclass(frozen=True)
class Fold:
    """A night that is taken for tonight.

    Args:
        number: 0 for the run date itself, 1 for the night one longest horizon earlier, ...
        run_date: All up to its end may be used, and nothing later.
        test_cutoff: Its test labels lie in (test_cutoff, run_date].
    """

    number: int
    run_date: date
    test_cutoff: date


def past_folds(
    settings: ExampleSettings, *, run_date: date, count: int, first: int = 0
) -> tuple[Fold, ...]:
    """Folds from the newest to the oldest, a longest horizon apart.

    Each has its own train, validation and test cut-offs before it, as any night has. A random
    split is not among the choices: it would learn from the days that it is judged on.

    Args:
        settings: Horizons in days.
        run_date: Fold 0.
        count: How many at most; no run date lies before the earliest that a job takes.
        first: The newest fold's number; from 1 on no fold knows the run date's test window.
    """
    horizon = timedelta(days=max(settings.purchase_days, settings.churn_days))
    oldest = (run_date - EARLIEST) // horizon
    numbers = range(first, min(first + count, oldest + 1))
    nights = [(number, run_date - number * horizon) for number in numbers]
    folds = tuple(Fold(number, night, night - horizon) for number, night in nights)
    assert do_not_overlap(folds), folds
    return folds


def do_not_overlap(folds: Sequence[Fold]) -> bool:
    """Whether every test window ends before the next one begins."""
    in_order = sorted(folds, key=lambda fold: fold.run_date)
    return all(before.run_date <= after.test_cutoff for before, after in pairwise(in_order))
