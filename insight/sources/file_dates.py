"""The date in a landing file's name."""

import calendar
import re
from datetime import date, datetime

from insight.errors import SourceFormatError

_FORMATS = {"yyyy-MM-dd": "%Y-%m-%d", "yyyy-MMM": "%Y-%b", "yyyyMMdd": "%Y%m%d"}


def date_in_name(file: str, pattern: str, date_format: str) -> date:
    """The date in a file's path; for a part of a folder that Spark wrote, in the folder's.

    Args:
        file: Its path.
        pattern: A regular expression whose first group is the date.
        date_format: How the date is written, in Spark's letters.

    Raises:
        SourceFormatError: The path holds no such date.
    """
    match = re.search(pattern, file) or re.search(pattern, file.rpartition("/")[0])
    try:
        # A group that takes no part in the match is None.
        if match is None or match.group(1) is None:
            raise ValueError(file)
        # A date has no zone; the feed's zone is about its times.
        return datetime.strptime(match.group(1), _FORMATS[date_format]).date()  # noqa: DTZ007
    except ValueError as error:
        raise SourceFormatError(
            f"landing file {file}",
            found="a name without a date",
            expected=f"a name matching {pattern} with a date like {date_format}",
            next_step="rename the file, or correct date_from_name in conf/sources",
        ) from error


def last_of_month(day: date) -> date:
    """The last day of a date's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
