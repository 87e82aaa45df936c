"""Dates that a job takes."""

import re
from datetime import date

from insight.errors import SettingsError

EARLIEST, LATEST = date(1971, 1, 1), date(2200, 1, 1)
"""Run dates. Fixed, because no job asks for today. Every window that a setting allows, before or
after them, stays within the years that Python, Spark and Parquet agree on."""


def date_given(argument: str, text: str) -> date:
    """The date that a command line gives.

    Args:
        argument: Its name, for the message.
        text: As it was given.

    Raises:
        SettingsError: The text is no date, is written in another way, or is out of bounds.
    """
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, flags=re.ASCII):
            raise ValueError(text)
        day = date.fromisoformat(text)
        if not EARLIEST <= day <= LATEST:
            raise ValueError(text)
    except ValueError as error:
        raise SettingsError(
            f"argument {argument}",
            found=repr(text),
            expected=f"a date like 2017-11-30, from {EARLIEST} to {LATEST}",
            next_step="give the date whose data is complete, usually yesterday",
        ) from error
    return day
