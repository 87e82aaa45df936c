"""The gate: baselines, margins, and what replaces a champion."""

from typing import Literal

from pydantic import Field

from insight.settings.strict import Strict


class MarginSettings(Strict):
    """How much worse than the champion a challenger may be on one task.

    Not a loss to aim for but the largest that nobody would notice. Below what the test rows can
    resolve (about 3.5 standard errors of the paired difference) a margin refuses a challenger
    that is as good as the champion. docs/decisions/0016-promotion-gate.md has the numbers.
    """

    next_item: float = Field(0.01, gt=0, lt=1)
    """NDCG@10. A tenth of what the example reaches; its paired difference is the noisiest."""
    purchase: float = Field(0.01, gt=0, lt=0.5)
    """AUC: one pair in a hundred in another order."""
    churn: float = Field(0.01, gt=0, lt=0.5)
    """AUC: as for purchase."""
    campaign: float = Field(0.03, gt=0, lt=0.5)
    """AUC, of those who were shown a campaign: a tenth of the rows, thrice the noise."""
    next_action: float = Field(0.01, gt=0, lt=1)
    """Accuracy: one customer in a hundred."""


class PromotionSettings(Strict):
    policy: Literal["better", "not_worse"] = "better"
    """What replaces a champion. `better`: a challenger that is inferior on no task and
    significantly better on the standardised sum of all. `not_worse`: inferior on no task is
    enough, for a shop that wants the fresher of two equal models."""
    level: float = Field(0.05, gt=0, lt=0.5)
    """One-sided significance level of all attempts together on one champion and one day's data;
    the k-th attempt has level / (k (k + 1)), so the first has 0.025: a 95 % interval."""
    margins: MarginSettings = MarginSettings()
    bootstrap_rounds: int = Field(200, ge=20)
    popularity_days: tuple[int, ...] = Field((7, 28), min_length=1)
    """Look-back windows of the popularity baselines; a challenger must beat each."""
    logistic_rows: int = Field(200_000, ge=1)
    """Rows the logistic baseline is fitted on at most, by whole customers."""
    tolerance: float = Field(0.01, ge=0, lt=1)
    """How much worse than logistic regression and its like still holds, as a share of theirs."""
    seed: int = 20170101
