"""A lake holds one currency: amounts of two are never added up."""

from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from insight.errors import DataQualityError
from insight.events.currencies import refuse_mixed_currencies
from insight.tables import EVENTS, ITEMS, QUARANTINE
from tests.events.deliveries import clean, delivered, land
from tests.frames import DAY, at, events, frame
from tests.memory_lake import MemoryLake

NEXT_DAY = DAY + timedelta(days=1)


def _night(spark: SparkSession, lake: MemoryLake, *currencies: str | None, **settings: Any) -> None:
    """A night whose rows, one in each currency, are all sound; the first describes an item."""
    item = {"item_id": "tea", "currency": currencies[0]}
    sold = [{"event_at": at("2024-03-10 12:00"), "currency": c} for c in currencies[1:]]
    land(lake, DAY, events=delivered(DAY, sold), items=delivered(DAY, [item]))
    described = frame(spark, ITEMS, {**item, "known_from": DAY, "ingest_date": DAY})
    refuse_mixed_currencies(lake.run_for(DAY, **settings), [events(spark, *sold), described])


@pytest.mark.parametrize(
    ("currencies", "found"),
    [
        ((None, None, None), None),
        (("EUR", "EUR", None), None),
        ((None, "EUR", "USD", "EUR"), "2 rows in EUR, 1 rows in USD"),
        # The list price that a sale without a price is given.
        (("USD", "EUR"), "1 rows in EUR, 1 rows in USD"),
    ],
)
def test_a_night_in_two_currencies_stops(
    spark: SparkSession, currencies: tuple[str | None, ...], found: str | None
) -> None:
    lake = MemoryLake(spark, run_date=DAY)
    if found is None:
        _night(spark, lake, *currencies)
        return
    with pytest.raises(DataQualityError, match=r"clean\.currency") as stopped:
        _night(spark, lake, *currencies)
    assert stopped.value.found == found
    assert stopped.value.exit_code == 2


def test_a_night_in_another_currency_than_the_lake_stops(spark: SparkSession) -> None:
    lake = MemoryLake(spark, run_date=DAY)
    past = {"event_at": at("2024-03-09 12:00"), "ingest_date": date(2024, 3, 9)}
    # The night's own events are those of an earlier attempt.
    own = {"event_at": at("2024-03-10 12:00"), "currency": "USD"}
    rows = events(spark, past, {**past, "currency": "GBP"}, own)
    lake.publish(rows, EVENTS, where="true")
    _night(spark, lake, None, "GBP", None)
    for settings in ({}, {"clean.currency": "EUR"}):
        with pytest.raises(DataQualityError) as stopped:
            _night(spark, lake, None, "EUR", **settings)
        assert stopped.value.found == "1 rows in EUR, events of other nights in GBP"


def test_a_night_that_stops_has_published_what_was_refused_and_no_event(
    spark: SparkSession,
) -> None:
    lake = MemoryLake(spark)
    sold = [
        {"event_at": at("2024-03-10 12:00"), "customer_id": f"c{n}", "currency": currency}
        for n, currency in enumerate(["EUR", "USD", None, "EURO"])
    ]
    land(lake, NEXT_DAY, events=delivered(DAY, sold))
    with pytest.raises(DataQualityError, match="1 rows in EUR, 1 rows in USD"):
        clean(lake, NEXT_DAY, max_quarantined_share=0.3)
    assert EVENTS.name not in lake.rows
    assert [row["reason"] for row in lake.rows[QUARANTINE.name]] == ["currency_not_a_code"]
