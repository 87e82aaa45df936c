"""The gate: baselines, margins, and what replaces a champion."""

from typing import Annotated, Literal

from pydantic import Field

from insight.settings.strict import Days, Strict


class MarginSettings(Strict):
    """The largest loss against the champion that a challenger must be shown not to have.

    A margin below about three standard errors of the paired difference also refuses challengers
    that are as good as the champion: the test rows cannot exclude so small a loss. The defaults
    fit about 2,500 customers (docs/decisions/0016-promotion-gate.md); a shop with ten times as
    many can set a third of them, one with a tenth has to set three times as much.
    """

    next_item: float = Field(0.01, gt=0, lt=1)
    """NDCG@10; the difference of two trainings has a standard error of 0.003."""
    purchase: float = Field(0.005, gt=0, lt=0.5)
    """AUC: one pair of customers in 200 in another order; standard error 0.0013."""
    churn: float = Field(0.01, gt=0, lt=0.5)
    """AUC; few leave, so that the standard error is 0.0025."""
    campaign: float = Field(0.02, gt=0, lt=0.5)
    """AUC of those who were shown a campaign; few answer: standard error 0.005."""
    next_action: float = Field(0.015, gt=0, lt=1)
    """Accuracy: three customers in 200; standard error 0.0045."""


class PromotionSettings(Strict):
    policy: Literal["better", "not_worse"] = "better"
    """What replaces a champion. `better`: a challenger that is inferior on no task and
    significantly better on the standardised sum of all. `not_worse`: inferior on no task is
    enough, for a shop that wants the fresher of two equal models."""
    level: float = Field(0.05, gt=0, lt=0.5)
    """One-sided significance level. Each task's loss is tested at this level. The sum of all
    tasks is tested at a smaller one, 1 - (1 - level)^(1/m), where m is the number of attempts
    whose test windows share a day: 9 weekly attempts in 60 days have 0.0057 each."""
    margins: MarginSettings = MarginSettings()
    bootstrap_rounds: int = Field(200, ge=20)
    popularity_days: tuple[Annotated[Days, Field(ge=1)], ...] = Field((7, 28), min_length=1)
    """Look-back windows of the popularity baselines; a challenger must beat each."""
    judged_rows: int = Field(100_000, ge=1_000)
    """Test rows that all contenders are judged on at most, by whole customers."""
    logistic_rows: int = Field(200_000, ge=1)
    """Rows the logistic baseline is fitted on at most, by whole customers."""
    tolerance: float = Field(0.01, ge=0, lt=1)
    """How much worse than logistic regression and its like still holds, as a share of theirs."""
    seed: int = 20170101
