"""What is kept of values that did not parse: their form; of persons and orders not even that."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.sources.declaration import TARGETS, Feed

LONGEST_SHAPE = 200
"""Characters."""

_REDACTED = "<redacted>"


class ReadColumn(Protocol):
    """A column between a file and its declared type."""

    @property
    def name(self) -> str:
        """The column."""

    @property
    def value(self) -> Column:
        """The value in the declared type; null, or with null within, where it does not parse."""

    @property
    def failed(self) -> Column:
        """Whether anything in it does not parse."""

    @property
    def shape(self) -> Column:
        """The form of what was found, without its content; null if it has none."""


def with_malformed(
    rows: DataFrame, values: Mapping[str, Column], failed: Sequence[Column]
) -> DataFrame:
    """The typed values, ``source_file``, and ``malformed``: what did not parse, as JSON.

    Args:
        rows: Rows of files.
        values: Declared columns.
        failed: By the name of a column, what is told of a value; null if it parsed.
    """
    malformed = F.to_json(F.struct(*failed)) if failed else F.lit(None).cast("string")
    return rows.select(
        *(value.alias(name) for name, value in values.items()),
        "source_file",
        F.when(malformed != "{}", malformed).alias("malformed"),
    )


def what_is_kept(feed: Feed, column: ReadColumn) -> Column:
    """What is told of a column's value that did not parse."""
    if _is_personal(feed, column.name):
        return F.lit(_REDACTED)
    return F.coalesce(F.substring(column.shape, 1, LONGEST_SHAPE), F.lit(_REDACTED))


def _is_personal(feed: Feed, name: str) -> bool:
    """Whether an id of a person or an order is made of it: then not even a shape is kept."""
    ids = TARGETS[feed.target].sensitive_names("pseudonym")
    # Within backticks a backtick is doubled.
    written = "|".join(map(re.escape, (name, name.replace("`", "``"))))
    word = re.compile(rf"(?<!\w)(?:{written})(?!\w)", re.IGNORECASE)
    return any(word.search(feed.mapping.get(canonical, "")) for canonical in ids)
