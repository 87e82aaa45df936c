"""What a hyper-parameter search may try, and for how long."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from insight.settings.strict import Strict

NOT_SEARCHED = frozenset(
    {
        "backend",
        "ensemble",
        "head_weights",
        "augment",
        "ranks",
        "threads_per_rank",
        "warm_start",
        "recalibrate",
        "calibration_rows",
        "every_days",
        "seed",
        "timeout_seconds",
        "launch",
    }
)
"""How and when to train, lists, and what no order of customers depends on."""

Value = bool | int | float | str


class Span(Strict):
    """Any number between two; whole ones where both are whole."""

    low: int | float
    high: int | float
    log: bool = False
    """Whether small numbers are looked at as closely as large ones."""

    @model_validator(mode="after")
    def _is_in_order(self) -> "Span":
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low below high, and above 0 where log is set")
        return self

    def ends(self) -> tuple[Value, ...]:
        """What must be possible for all between to be."""
        return self.low, self.high

    def holds(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class Choices(Strict):
    """One of some values."""

    choices: tuple[Value, ...] = Field(min_length=1)

    def ends(self) -> tuple[Value, ...]:
        """What must be possible."""
        return self.choices

    def holds(self, value: object) -> bool:
        return value in self.choices


def _usual_space() -> dict[str, Span | Choices]:
    return {
        "learning_rate": Span(low=5e-4, high=1e-2, log=True),
        "width": Choices(choices=(32, 64, 128)),
        "dropout": Span(low=0.1, high=0.5),
        "within_sequence_weight": Span(low=0.1, high=1.0),
    }


class TuningSettings(Strict):
    space: dict[str, Span | Choices] = Field(default_factory=_usual_space, min_length=1)
    """What is searched: a setting of training, with its range or its choices."""
    folds: int = Field(2, ge=1, le=1_000)
    """Past nights that every trial is judged on, none of which knows the newest test window."""
    trials: int = Field(20, ge=1)
    """In all, those of earlier starts of the same search among them."""
    minutes: float = Field(240.0, gt=0)
    """No trial begins later than that after the search was started."""
    seed: int = Field(20170101, ge=0)


def refuse_impossible(space: Mapping[str, Span | Choices], section: BaseModel) -> None:
    """Refuse a space with a name or a value that a section of the settings would refuse.

    Raises:
        ValueError: It has one.
    """
    for name, allowed in space.items():
        known = sorted(set(type(section).model_fields) - NOT_SEARCHED)
        if name not in known:
            raise ValueError(f"{name} cannot be searched; one of {', '.join(known)} can")
        for value in allowed.ends():
            changed: dict[str, Any] = {**section.model_dump(), name: value}
            try:
                type(section).model_validate(changed)
            except ValidationError as error:
                problem = error.errors()[0]["msg"]
                raise ValueError(f"{name} = {value} is impossible: {problem}") from error
