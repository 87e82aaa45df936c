"""Training examples: cut-offs, label horizons, and the windows of the test labels."""

import math
from collections.abc import Collection

from pydantic import Field

from insight.settings.strict import Days, Strict


class ExampleSettings(Strict):
    purchase_days: Days = Field(7, gt=0)
    """A purchase, and the next action, is looked for within so many days."""
    churn_days: Days = Field(30, gt=0)
    active_days: Days = Field(90, gt=0)
    """A customer can only leave who bought within so many days before."""
    campaign_days: Days = Field(30, gt=0)
    """A campaign is answered within so many days of being shown, and before it ends."""
    campaign_window_days: Days = Field(30, gt=0)
    """Days whose campaigns make up validation, and likewise test."""
    campaign_cutoffs: int = Field(16, ge=1, le=1_000)
    """Days on which campaigns begin, at most, that each split takes."""
    train_cutoffs: int = Field(20, ge=1, le=1_000)
    cutoff_step_days: int = Field(7, gt=0, le=365)
    min_item_events: int = Field(5, ge=1)
    leakage_share: float = Field(0.1, gt=0, le=1)
    """Share of the customers whose features are made again without the future, to compare."""
    files: int | None = Field(None, gt=0)
    """Number of equal files per split, of which each rank reads its own share. By default one for
    each 200,000 examples, at least 8, and a multiple of `training.ranks`."""

    def test_days(self, tasks: Collection[str]) -> int:
        """Days up to the run date whose events decide the test labels of some tasks.

        All rows begin at one cut-off, a horizon before the run date; those about campaigns
        begin earlier.
        """
        horizon = max(self.purchase_days, self.churn_days)
        if "campaign" not in tasks:
            return horizon
        return max(horizon, self.campaign_days + self.campaign_window_days)

    @property
    def recalibration_days(self) -> int | None:
        """How long before the test cut-off the newest one lies with labels complete by then.

        In whole weeks, so that a horizon of some days covers the test's days of the week. None
        where the validation cut-off is as new.
        """
        shorter, longer = sorted((self.purchase_days, self.churn_days))
        days = 7 * math.ceil(shorter / 7)
        return days if days < longer else None
