"""The currency of a night: amounts of two are never added up."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from insight.errors import DataQualityError
from insight.events.rules import is_currency_code
from insight.stages import Run
from insight.tables import EVENTS, RAW_EVENTS, RAW_ITEMS


def refuse_mixed_currencies(run: Run, sound: Iterable[DataFrame]) -> None:
    """Stop before events are published whose amounts cannot be added up.

    Mostly there is one currency, or none is named: a narrow look at the raw rows tells, and one
    event of another night. Sound rows are counted only if that is not so.

    Args:
        run: The night.
        sound: What it would publish; rows of a table without ``currency`` say nothing.

    Raises:
        DataQualityError: The rows are in several currencies, or in another one than the events of
            other nights.
    """
    own = run.settings.clean.currency
    came = {own} if own else _named_in_raw_rows(run)
    before = _of_other_nights(run) if came else set()
    if len(came | before) <= 1:
        return
    named = [rows.select("currency") for rows in sound if "currency" in rows.columns]
    codes = reduce(DataFrame.union, named)
    counted = codes.where("currency IS NOT NULL").groupBy("currency").count().collect()
    rows = {row["currency"]: row["count"] for row in counted}
    # Of what came, some may have been refused.
    if len(rows.keys() | before) > 1:
        raise _mixed(rows, before, run.run_date)


def _named_in_raw_rows(run: Run) -> set[str]:
    night = F.col("ingest_date") == F.lit(run.run_date)
    raw = [run.lake.read(table).where(night) for table in (RAW_EVENTS, RAW_ITEMS)]
    codes = reduce(DataFrame.union, [rows.select("currency") for rows in raw])
    found = codes.where(is_currency_code()).agg(F.collect_set("currency").alias("codes")).first()
    return set() if found is None else set(found["codes"])


def _of_other_nights(run: Run) -> set[str]:
    """The currency of the lake: one event tells, since no night mixes two."""
    others = run.lake.read_or_empty(EVENTS).where(F.col("ingest_date") != F.lit(run.run_date))
    found = others.where("currency IS NOT NULL").select("currency").first()
    return set() if found is None else {found["currency"]}


def _mixed(rows: Mapping[str, int], before: Iterable[str], run_date: date) -> DataQualityError:
    found = [f"{count} rows in {currency}" for currency, count in sorted(rows.items())]
    found += [f"events of other nights in {currency}" for currency in before]
    return DataQualityError(
        f"currencies of {run_date}",
        found=", ".join(found),
        expected="one currency in a lake, since amounts of two cannot be added up",
        next_step="set clean.currency to the currency of the lake, which refuses rows in others, "
        "or convert their prices in the source's mapping, or give each currency a lake of its own",
    )
