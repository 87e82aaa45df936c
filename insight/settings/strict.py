"""Rules of every section of the settings: complete, unchangeable, and only numbers that compute."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import InitErrorDetails

_MOST = 2**31 - 1
"""The largest whole number that Spark and NumPy take everywhere."""

Days = Annotated[int, Field(le=3_650)]
"""A number of days to look back or ahead. Ten years before the earliest run date, or after the
latest, is still a date that Python, Spark and Delta agree on."""


def _currency_code(text: str) -> str:
    if re.fullmatch("[A-Z]{3}", text) is None:
        raise ValueError("a currency has three capital letters, as ISO 4217 writes them")
    return text


CurrencyCode = Annotated[str, AfterValidator(_currency_code)]
"""A currency as ISO 4217 writes it: EUR."""


class Strict(BaseModel):
    """A section of the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _has_no_number_of_another_kind(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true for 1, a number for a date, and whole numbers that overflow.

        Pydantic takes them: true is 1 to Python, and a date may be given as seconds since 1970.
        """
        annotation = cls.model_fields[info.field_name or ""].annotation
        for each in _flat(value):
            if isinstance(each, bool) and not _takes(annotation, bool):
                raise ValueError("input should be no boolean")
            if isinstance(each, int | float) and _takes(annotation, date):
                raise ValueError("input should be a date like 2017-11-30")
            if isinstance(each, int) and abs(each) > _MOST:
                raise ValueError(f"input should be a number between {-_MOST} and {_MOST}")
        return value


@contextmanager
def refusals_of(section: str, value: Strict) -> Iterator[None]:
    """Have a refusal by several sections name the one to correct, as a field's own would."""
    try:
        yield
    except ValueError as error:
        refusal = InitErrorDetails(
            type="value_error", loc=(section,), input=value.model_dump(), ctx={"error": error}
        )
        raise ValidationError.from_exception_data("Settings", [refusal]) from error


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _takes(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_takes(part, kind) for part in get_args(annotation))
