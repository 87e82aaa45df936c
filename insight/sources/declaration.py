"""What a feed declares: its files, their columns, and how they map to ours."""

import re
from datetime import date
from pathlib import Path
from typing import Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    field_validator,
    model_validator,
)

from insight.point_in_time import EVER
from insight.settings import CurrencyCode
from insight.sources.column_names import refuse_unusable
from insight.sources.file_dates import date_in_name, last_of_month
from insight.sources.misdeclared import Misdeclared, line_of
from insight.sources.null_texts import NullTexts
from insight.sources.options import Format, ReaderOptions
from insight.sources.patterns import file_patterns
from insight.tables import (
    RAW_CUSTOMERS,
    RAW_EVENTS,
    RAW_EXPOSURES,
    RAW_FEEDBACK,
    RAW_ITEMS,
    Table,
)
from insight.tables.delivery import ABSENT_IS_REMOVED, ROW_IDS

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

_ZONES = available_timezones() - {"localtime"}
"""Not the machine's own, which another machine would read otherwise."""


class Feed(NullTexts, BaseModel):
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
        options: How a text file is written, as ``ReaderOptions``.
        columns: The file's columns and their Spark types: all of them, but for those in
            ``ignored``. Names may hold any character; ``mapping`` quotes them with backticks
            (``"`Date d'achat`"``). In text a nested type (``array<struct<id: string>>``) is JSON.
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
        row_ids: Within what an id that the mapping gives (of an event, feedback or exposure)
            names one row: the whole ``source``, this ``feed`` or one ``file``; ``none`` if it
            names no row, which is then named by its content.
        absent: Whether an attribute of an item or customer that a delivery lacks keeps its last
            known value (``kept``) or has been taken away (``removed``).
        currency: Currency of the feed's money; the source's if not given. A row to which
            ``mapping`` gives a currency keeps that one.
        where: Which rows to take.
        mapping: Canonical column to Spark SQL over ``columns``. A value that it cannot
            compute leaves the column null and the row marked as malformed.

    Texts that stand for no value are declared as ``NullTexts`` says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: str
    target: Target
    files: str
    date_from_name: str = ""
    date_format: Literal["yyyy-MM-dd", "yyyy-MMM", "yyyyMMdd"] = "yyyy-MM-dd"
    date_is: Literal["day", "end_of_month", "when_read"] = "day"
    sparse: bool = False
    format: Format
    options: ReaderOptions = ReaderOptions()
    columns: dict[str, str]
    optional: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    explode: str | None = None
    time_zone: str = "UTC"
    date_zone: str | None = None
    row_ids: Literal["source", "feed", "file", "none"] = "source"
    absent: Literal["kept", "removed"] = "kept"
    currency: CurrencyCode | None = None
    where: str | None = None
    mapping: dict[str, str]
    _declared: tuple[Path, int] | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _maps_to_columns_there_are(self) -> Self:
        known = TARGETS[self.target].column_names
        unknown = [name for name in self.mapping if name not in known]
        if unknown:
            raise Misdeclared(
                f"{self.target} has no column {', '.join(unknown)}", "mapping", unknown[0]
            )
        if self.currency and "currency" not in known:
            raise Misdeclared(f"{self.target} has no column for a currency", "currency")
        try:
            groups = re.compile(self.date_from_name).groups
        except re.error as error:
            raise Misdeclared(f"no regular expression: {error}", "date_from_name") from error
        if self.date_is != "when_read" and groups < 1:
            raise Misdeclared("needs a group (...) around the date", "date_from_name")
        if self.date_is == "when_read" and self.date_from_name:
            raise Misdeclared("date_is: when_read goes without a date", "date_from_name")
        return self

    @field_validator("files")
    @classmethod
    def _stays_in_its_folder(cls, files: str) -> str:
        try:
            file_patterns(files)
        except ValueError as error:
            raise Misdeclared(str(error)) from error
        return files

    @model_validator(mode="after")
    def _says_what_its_rows_can_have(self) -> Self:
        if self.row_ids != "source" and not set(self.mapping) & set(ROW_IDS.values()):
            raise Misdeclared(
                f"row_ids goes with a mapping of {', '.join(ROW_IDS.values())}", "row_ids"
            )
        if self.absent != "kept" and ABSENT_IS_REMOVED not in TARGETS[self.target].columns:
            raise Misdeclared("absent goes with raw_customers and raw_items alone", "absent")
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            self.options.refuse_other_than(self.format)
        except Misdeclared as error:
            raise Misdeclared(str(error), "options", *error.place) from error
        refuse_unusable(self.columns, ADDED)
        if not self.columns and self.format != "parquet":
            raise Misdeclared("no columns are declared", "columns")
        if self.explode and not _is_array(self.columns.get(self.explode, "")):
            raise Misdeclared(f"{self.explode} is not declared as an array<...>", "explode")
        for field, zone in (("time_zone", self.time_zone), ("date_zone", self.midnight_zone)):
            if zone not in _ZONES:
                raise Misdeclared(f"{field}: no zone {zone[:40]!r}", field)
        return self

    def place_of(self, *keys: str) -> str:
        """The feed in words, with the line of its declaration that holds the keys."""
        if self._declared is None:
            return f"feed {self.feed}"
        path, position = self._declared
        line = line_of(path, ("feeds", position, *keys))
        return f"feed {self.feed} ({path}, line {line})"

    def declared_at(self, path: Path, position: int) -> None:
        """Note the declaration's file, and the feed's place in it, for messages."""
        self._declared = path, position

    @property
    def midnight_zone(self) -> str:
        """Zone whose midnight begins and ends the dates of the feed's files."""
        return self.date_zone or self.time_zone

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
        day = date_in_name(file, self.date_from_name, self.date_format)
        return day, day if self.date_is == "day" else last_of_month(day)

    def is_due(self, day: date) -> bool:
        """Whether a file for this day, or for the month that it ends, is to be expected."""
        return self.date_is == "day" or day == last_of_month(day)


def _is_array(kind: str) -> bool:
    return kind.strip().lower().startswith("array<")
