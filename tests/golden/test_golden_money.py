"""Money against tables that people can read; money/README.md says how."""

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.events.canonical import to_events
from insight.features.daily import per_item_day
from insight.settings import SessionSettings
from insight.snapshots.customers import per_customer_features
from insight.snapshots.items import per_item_features
from insight.snapshots.visits import per_visit_and_day, to_customer_daily, to_sessions
from insight.tables import (
    CUSTOMER_DAILY,
    CUSTOMER_FEATURES,
    EVENTS,
    ITEM_DAILY,
    ITEM_FEATURES,
    RAW_EVENTS,
    SESSIONS,
    Table,
)
from tests.frames import DAY, items, raw_events
from tests.golden.golden_files import comparable, rows_in

FOLDER = Path(__file__).parent / "money"


@pytest.fixture(scope="module")
def made(spark: SparkSession) -> dict[Table, DataFrame]:
    raw = raw_events(spark, *rows_in(FOLDER / "input/events.csv", RAW_EVENTS))
    nothing = F.lit(None).cast("string")
    unknown = dict.fromkeys(("category", "brand", "imputed", "capped"), nothing)
    events = to_events(raw.withColumns(unknown)).cache()
    both = per_visit_and_day(events, settings=SessionSettings()).cache()
    days, item_days = to_customer_daily(both), per_item_day(events)
    return {
        EVENTS: events,
        SESSIONS: to_sessions(both),
        CUSTOMER_DAILY: days,
        ITEM_DAILY: item_days,
        CUSTOMER_FEATURES: per_customer_features(days, as_of=[DAY]),
        ITEM_FEATURES: per_item_features(item_days, items(spark), as_of=DAY, smoothing_days=1),
    }


@pytest.mark.parametrize(
    "table",
    [EVENTS, SESSIONS, CUSTOMER_DAILY, ITEM_DAILY, CUSTOMER_FEATURES, ITEM_FEATURES],
    ids=lambda table: table.name,
)
def test_no_fraction_of_a_cent_is_lost(made: dict[Table, DataFrame], table: Table) -> None:
    expected = rows_in(FOLDER / f"expected/{table.name}.csv", table)
    names = list(expected[0])
    found = [row.asDict() for row in made[table].select(*names).collect()]
    assert comparable(found, names) == comparable(expected, names)
