"""Row 31: prices a hundred times what they were, overnight."""

from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from insight.errors import DO_NOT_RETRY, DataQualityError
from insight.tables import DATA_QUALITY, EVENTS, ITEM_PRICES
from tests.events.deliveries import clean, delivered, land
from tests.frames import at
from tests.memory_lake import MemoryLake

FIRST = date(2024, 3, 10)
SECOND = FIRST + timedelta(days=1)


def _sales(day: date, factor: float) -> list[dict[str, Any]]:
    """Sixty lines of twelve items, each with a price of its own."""
    return [
        {
            "event_at": at(f"{day} 12:00"),
            "event_id": f"{day} {n}",
            "customer_id": f"c{n}",
            "item_id": f"item {n % 12}",
            "price": factor * (1 + n % 12),
        }
        for n in range(60)
    ]


@pytest.fixture(scope="module")
def lake(spark: SparkSession) -> MemoryLake:
    """One sound night."""
    lake = MemoryLake(spark)
    _land(lake, FIRST, 1.0)
    clean(lake, FIRST)
    return lake


def _land(lake: MemoryLake, day: date, factor: float) -> None:
    land(lake, day, events=delivered(day, _sales(day, factor)))


def _shifted_rows(lake: MemoryLake, day: date) -> list[int]:
    """Of the rule in data_quality, which the morning page shows."""
    rows = lake.rows[DATA_QUALITY.name]
    return [r["row_count"] for r in rows if r["run_date"] == day and r["rule"] == "price_shift"]


def test_fault_31_a_night_with_other_prices_stops_before_events_are_published(
    lake: MemoryLake,
) -> None:
    before = {table.name: lake.rows[table.name] for table in (EVENTS, ITEM_PRICES)}
    _land(lake, SECOND, 100.0)
    with pytest.raises(DataQualityError) as stopped:
        clean(lake, SECOND)
    assert stopped.value.exit_code == DO_NOT_RETRY
    assert "100 times the past median in 2024-03-11, all categories" in stopped.value.found
    assert {name: lake.rows[name] for name in before} == before
    assert _shifted_rows(lake, SECOND) == [60]


def test_fault_31_by_setting_it_is_warned_of_and_kept_as_it_came(lake: MemoryLake) -> None:
    _land(lake, SECOND, 100.0)
    clean(lake, SECOND, price_shift="warn")
    kept = [row for row in lake.rows[EVENTS.name] if row["file_date"] == SECOND]
    assert sum(row["amount"] for row in kept) == 100 * 5 * sum(range(1, 13))
    assert {row["corrections"] for row in kept} == {None}
    assert _shifted_rows(lake, SECOND) == [60]


def test_fault_31_a_night_at_half_price_is_an_ordinary_night(lake: MemoryLake) -> None:
    _land(lake, SECOND, 0.5)
    clean(lake, SECOND)
    assert len([row for row in lake.rows[EVENTS.name] if row["file_date"] == SECOND]) == 60
    assert _shifted_rows(lake, FIRST) == _shifted_rows(lake, SECOND) == []
