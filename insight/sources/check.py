"""Looks at one file through a source's declaration, without writing anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.errors import InsightError
from insight.privacy.pseudonyms import PseudonymKey
from insight.sources.declaration import Feed, Source
from insight.sources.inspection import check_columns, inspect_files
from insight.sources.mapping import (
    per_column_malformed_share,
    read_rows,
    to_canonical,
)

_ANY_KEY = PseudonymKey(b"only for looking: nothing is kept")


@dataclass(frozen=True)
class FeedCheck:
    """What one feed makes of the file.

    Args:
        feed: The feed.
        problems: Why it cannot be read, or what in it did not parse; empty where all is well.
        rows: The canonical rows; None where the file is not one of this feed's.
    """

    feed: Feed
    problems: tuple[str, ...]
    rows: DataFrame | None


def check_file(spark: SparkSession, source: Source, file: str, *, read_on: date) -> list[FeedCheck]:
    """Read a file as every feed of a source would.

    Args:
        spark: The session.
        source: The declaration.
        file: Full URL.
        read_on: The night it would be read on.
    """
    return [_checked(spark, source.source, feed, file, read_on) for feed in source.feeds]


def _checked(spark: SparkSession, source: str, feed: Feed, file: str, read_on: date) -> FeedCheck:
    try:
        facts = inspect_files(spark, [file], feed)
        check_columns(facts[0], feed, allow_new=False)
        feed.file_dates(file, read_on=read_on)
        rows = read_rows(spark, feed, facts)
        canonical = to_canonical(rows, feed, source=source, key=_ANY_KEY, run_date=read_on)
    except InsightError as error:
        return FeedCheck(feed, (f"{error.found}; expected {error.expected}",), None)
    except AnalysisException as error:
        message = str(error).splitlines()[0]
        return FeedCheck(feed, (f"its mapping is not understood: {message}",), None)
    return FeedCheck(feed, tuple(_unparsed(rows, feed)), canonical)


def _unparsed(rows: DataFrame, feed: Feed) -> Iterator[str]:
    shares = per_column_malformed_share(rows, feed).where(F.col("share") > 0)
    for row in shares.orderBy(F.desc("share"), "column").collect():
        whole = row["column"] == "_row"
        what = "whole rows" if whole else f"values of {row['column']}"
        kind = "declared" if whole else feed.columns[row["column"]]
        yield f"{row['share']:.2%} of {what} are not {kind}"
