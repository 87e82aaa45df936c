"""What a source declares: its files, their columns, and how they map to ours."""

import calendar
import re
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator
from pydantic_core.core_schema import ValidationInfo

from insight.errors import SettingsError, SourceFormatError
from insight.point_in_time import EVER
from insight.settings import CONF, CurrencyCode, read_yaml
from insight.sources.patterns import file_patterns
from insight.tables import (
    RAW_CUSTOMERS,
    RAW_EVENTS,
    RAW_EXPOSURES,
    RAW_FEEDBACK,
    RAW_ITEMS,
    Table,
)

Target = Literal["raw_events", "raw_customers", "raw_items", "raw_feedback", "raw_exposures"]

TARGETS: dict[str, Table] = {
    table.name: table
    for table in (RAW_EVENTS, RAW_CUSTOMERS, RAW_ITEMS, RAW_FEEDBACK, RAW_EXPOSURES)
}

ADDED = (
    "source_file",
    "malformed",
    "file_date",
    "covers_from",
    "covers_from_at",
    "covers_until_at",
    "date_zone",
    "position",
)
"""What stands beside a file's own columns; a mapping may use them."""

_NOT_AN_OPTION = ("mode", "columnnameofcorruptrecord", "badrecordspath")
"""Spark's own ways with a broken row: it drops the row, or ends the query and quotes it."""

_DATE_FORMATS = {"yyyy-MM-dd": "%Y-%m-%d", "yyyy-MMM": "%Y-%b", "yyyyMMdd": "%Y%m%d"}


class Feed(BaseModel):
    """One kind of row in one kind of file.

    Args:
        feed: Its name.
        target: The raw table its rows go to.
        files: Glob below ``<landing>/<source>``.
        date_from_name: Pattern whose first group is the file's date.
        date_format: Format of that date.
        date_is: Whether the name gives the day, or a month read when it is over; or
            ``when_read`` for an export without a date, which counts for the night that first
            finds it and may hold events of any age.
        sparse: Whether days without this feed's files are usual, as with coupons: no night
            waits for them, and they do not stand for a day's trade.
        format: csv, json (an object a line) or parquet.
        options: Options of Spark's reader.
        columns: The file's columns and their Spark types: all of them, but for those in
            ``ignored``. In text a nested type (``array<struct<id: string>>``) is JSON.
        optional: Patterns of columns (``items.*`` for fields) that a file may lack; they are
            null then. Many exports leave out a JSON key that is null in every row.
        ignored: Patterns of columns that are known and not read. Any other is reported.
        explode: An array among the columns, to be one row per element, of which the mapping
            then speaks by the array's name; an empty or absent array stays one row, without
            an element. ``position`` counts the elements from 0.
        time_zone: Zone of the mapped times. Those that are no wall-clock times (seconds since
            1970, ISO 8601 with an offset) need none, and must have none.
        date_zone: Zone whose midnight begins and ends the dates in file names; ``time_zone``
            if not given. A New York shop that writes its times in UTC declares
            ``America/New_York`` here.
        currency: Currency of the feed's money; the source's if not given. A row to which
            ``mapping`` gives a currency keeps that one.
        where: Which rows to take.
        mapping: Canonical column to Spark SQL over ``columns``. A value that it cannot
            compute leaves the column null and the row marked as malformed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str
    target: Target
    files: str
    date_from_name: str = ""
    date_format: Literal["yyyy-MM-dd", "yyyy-MMM", "yyyyMMdd"] = "yyyy-MM-dd"
    date_is: Literal["day", "end_of_month", "when_read"] = "day"
    sparse: bool = False
    format: Literal["csv", "json", "parquet"]
    options: dict[str, str] = {}
    columns: dict[str, str]
    optional: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    explode: str | None = None
    time_zone: str = "UTC"
    date_zone: str | None = None
    currency: CurrencyCode | None = None
    where: str | None = None
    mapping: dict[str, str]

    @model_validator(mode="after")
    def _maps_to_columns_there_are(self) -> Self:
        known = TARGETS[self.target].column_names
        unknown = [name for name in self.mapping if name not in known]
        if unknown:
            raise ValueError(f"{self.target} has no column {', '.join(unknown)}")
        if self.currency and "currency" not in known:
            raise ValueError(f"{self.target} has no column for a currency")
        try:
            groups = re.compile(self.date_from_name).groups
        except re.error as error:
            raise ValueError(f"date_from_name: no regular expression: {error}") from error
        if self.date_is != "when_read" and groups < 1:
            raise ValueError("date_from_name needs a group (...) around the date")
        if self.date_is == "when_read" and self.date_from_name:
            raise ValueError("date_is: when_read goes without date_from_name")
        return self

    @model_validator(mode="after")
    def _stays_in_its_folder(self) -> Self:
        file_patterns(self.files)
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if self.format == "json" and self.options.get("multiLine", "false") == "true":
            raise ValueError("JSON is read as one object per line; multiLine is not supported")
        refused = [name for name in self.options if name.lower() in _NOT_AN_OPTION]
        if refused:
            raise ValueError(f"options: {', '.join(refused)} is set by the reader itself")
        taken = [name for name in self.columns if name in ADDED]
        if taken:
            raise ValueError(f"a column must not be called {', '.join(taken)}")
        if self.explode and not _is_array(self.columns.get(self.explode, "")):
            raise ValueError(f"explode: {self.explode} is not declared as an array<...>")
        for field, zone in (("time_zone", self.time_zone), ("date_zone", self.midnight_zone)):
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"{field}: no zone {zone!r}") from error
        return self

    @property
    def midnight_zone(self) -> str:
        """Zone whose midnight begins and ends the dates of the feed's files."""
        return self.date_zone or self.time_zone

    @property
    def has_header(self) -> bool:
        """Whether a text file's first line names its columns; else they stand as declared."""
        return self.options.get("header", "false") == "true"

    def in_currency(self, currency: str | None) -> Self:
        """The feed with this currency, if it maps money and declares no currency of its own."""
        if self.currency or not {"price", "discount", "coupon"} & self.mapping.keys():
            return self
        return self.model_copy(update={"currency": currency})

    def file_dates(self, file: str, *, read_on: date) -> tuple[date, date]:
        """First and last date the file is for, from its name or the night that reads it.

        Raises:
            SourceFormatError: The name holds no such date.
        """
        if self.date_is == "when_read":
            return EVER, read_on
        match = re.search(self.date_from_name, file)
        # A group that takes no part in the match is None.
        if match is None or match.group(1) is None:
            raise self._bad_name(file)
        try:
            # A date has no zone; the feed's zone is about its times.
            day = datetime.strptime(match.group(1), _DATE_FORMATS[self.date_format]).date()  # noqa: DTZ007
        except ValueError as error:
            raise self._bad_name(file) from error
        if self.date_is == "day":
            return day, day
        return day, day.replace(day=calendar.monthrange(day.year, day.month)[1])

    def is_due(self, day: date) -> bool:
        """Whether a file for this day, or for the month that it ends, is to be expected."""
        last = calendar.monthrange(day.year, day.month)[1]
        return self.date_is == "day" or day.day == last

    def _bad_name(self, file: str) -> SourceFormatError:
        return SourceFormatError(
            f"landing file {file}",
            found="a name without a date",
            expected=f"a name matching {self.date_from_name} with a date like {self.date_format}",
            next_step="rename the file, or correct date_from_name in conf/sources",
        )


def _is_array(kind: str) -> bool:
    return kind.strip().lower().startswith("array<")


class Source(BaseModel):
    """A shop's export, with the currency of those of its feeds that hold money."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    currency: CurrencyCode | None = None
    feeds: tuple[Feed, ...]

    @field_validator("feeds")
    @classmethod
    def _in_the_currency(cls, feeds: tuple[Feed, ...], info: ValidationInfo) -> tuple[Feed, ...]:
        return tuple(feed.in_currency(info.data.get("currency")) for feed in feeds)


def load_source(name: str, *, conf: Path = CONF) -> Source:
    """Read ``conf/sources/<name>.yml``.

    Raises:
        SettingsError: There is no such file, or it declares what is not understood.
    """
    folder = conf / "sources"
    known = sorted(path.stem for path in folder.glob("*.yml"))
    # Only a listed name becomes part of a path: `../` in a setting leads nowhere.
    if name not in known:
        raise SettingsError(
            f"source {name!r}",
            found=f"no {name}.yml in {folder}",
            expected=f"one of {', '.join(known)}",
            next_step="correct `sources` in the settings, or declare the source",
        )
    content = read_yaml(folder / f"{name}.yml", f"source {folder / name}.yml")
    try:
        return Source.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(
            f"source declaration {folder / name}.yml, {'.'.join(map(str, first['loc']))}",
            found=repr(first.get("input"))[:200],
            expected=first["msg"].lower(),
            next_step="correct it; insight/sources/declaration.py says what each field means",
        ) from error
