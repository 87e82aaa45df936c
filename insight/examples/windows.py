"""Cut-offs for train, validation and test: consecutive label windows, never a random split."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypedDict

from insight.settings import ExampleSettings


@dataclass(frozen=True)
class Cutoffs:
    """Feature dates whose labels lie in (cut-off, cut-off + horizon].

    Args:
        train: In order.
        validation: After them.
        test: After that.
        recalibration: Between the two, where the shorter horizon is over by the test cut-off;
            None where nothing is recalibrated.
    """

    train: tuple[date, ...]
    validation: date
    test: date
    recalibration: date | None = None

    @property
    def split_of(self) -> dict[date, str]:
        named = dict.fromkeys(self.train, "train")
        between = {self.recalibration: "recalibration"} if self.recalibration else {}
        return {**named, self.validation: "validation", **between, self.test: "test"}

    @property
    def labels_end(self) -> dict[date, date]:
        """The last day to look at for labels, of cut-offs whose longest horizon goes on after it.

        What happens after the test cut-off is the test's alone.
        """
        return {self.recalibration: self.test} if self.recalibration else {}


class History(TypedDict):
    """The run date, the date of the first event by then, and whether campaigns are asked about."""

    run_date: date
    first_event_date: date
    with_campaigns: bool


def split_by_time(
    settings: ExampleSettings,
    *,
    run_date: date,
    first_event_date: date,
    recalibrate: bool = False,
    with_campaigns: bool = False,
) -> Cutoffs | None:
    """The cut-offs a run date allows; None while the history is too short for one of each.

    The test labels end with the run date, the validation labels where the test window begins,
    and all train labels where the validation window begins. Each train cut-off has at least
    one label window of history behind it. The one for recalibration is the newest on the test
    cut-off's day of the week whose labels of the shorter horizon are complete by then. Where
    campaigns are asked about too, validation begins no later than the first test of these, so
    that nothing is trained on what came after.
    """
    horizon, validation = _horizon(settings), _validation(settings, run_date, with_campaigns)
    step = timedelta(days=settings.cutoff_step_days)
    test = run_date - horizon
    newest = validation - horizon
    candidates = [newest - step * k for k in range(settings.train_cutoffs)]
    train = tuple(sorted(day for day in candidates if day - horizon >= first_event_date))
    newer = settings.recalibration_days if recalibrate else None
    between = test - timedelta(days=newer) if newer else None
    return Cutoffs(train, validation, test, between) if train else None


def too_little_history(
    settings: ExampleSettings,
    *,
    run_date: date,
    first_event_date: date | None,
    with_campaigns: bool = False,
) -> str:
    """Why ``split_by_time`` finds no cut-offs: the days of history there are, and those needed."""
    # A train cut-off has a label window before it and one between it and validation.
    first_needed = _validation(settings, run_date, with_campaigns) - 2 * _horizon(settings)
    needed = (run_date - first_needed).days + 1
    if first_event_date is None:
        return f"too little history: no events, {needed} days of them needed"
    there = (run_date - first_event_date).days + 1
    horizon = _horizon(settings).days
    return (
        f"too little history for a train, a validation and a test window: {there} days of events"
        f" (from {first_event_date} to {run_date}), {needed} needed for label windows of {horizon}"
        " days (settings examples.purchase_days, examples.churn_days);"
        f" {needed - there} more to come"
    )


def _horizon(settings: ExampleSettings) -> timedelta:
    return timedelta(days=max(settings.purchase_days, settings.churn_days))


def _validation(settings: ExampleSettings, run_date: date, with_campaigns: bool) -> date:
    """The validation cut-off."""
    validation = run_date - 2 * _horizon(settings)
    if with_campaigns:
        days = settings.campaign_days + settings.campaign_window_days
        validation = min(validation, run_date - timedelta(days=days))
    return validation


def split_campaigns(
    settings: ExampleSettings, *, run_date: date, shown: Mapping[date, int]
) -> dict[date, str]:
    """The split of each cut-off that campaigns are asked about at.

    Campaigns begin when they begin, so a split takes those of ``campaign_window_days``. The test
    answers end with the run date, the validation answers before the first test cut-off, and the
    training answers before the first validation cut-off.

    Args:
        settings: Horizon and window, and how many cut-offs a split may have.
        run_date: Tonight.
        shown: Customers shown a campaign by cut-off; where there are too many cut-offs, those
            with most of them are taken.
    """
    answer = timedelta(days=settings.campaign_days)
    window = timedelta(days=settings.campaign_window_days)
    split_of: dict[date, str] = {}
    until = run_date - answer
    for split in ("test", "validation", "train"):
        after = date.min if split == "train" else until - window
        inside = [day for day in shown if after < day <= until]
        largest = sorted(inside, key=lambda day: (-shown[day], day))[: settings.campaign_cutoffs]
        split_of |= dict.fromkeys(sorted(largest), split)
        if split != "train":
            until = after - answer
    return split_of
