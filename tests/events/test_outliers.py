"""Prices and quantities far above their category's, by bounds worked out by hand."""

import math
from datetime import date
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from insight.events.outliers import per_category_bounds, with_bounded_values
from insight.local_frames import local_frame
from insight.settings import CleanSettings
from tests.frames import DAY, raw_events

# Spread by factors of two around 8: natural logarithms are 1 ... 5 times ln 2.
PRICES = (2.0, 4.0, 8.0, 16.0, 32.0)
SETTINGS = CleanSettings(
    outlier_rule="robust_z", outlier_limit=2.0, outlier_min_factor=2.0, outlier_min_rows=5
)
ITEM_BOUNDS = "bound_date date, bound_item string, item_bound double"
BOUNDS = "bound_date date, bound_category string, price_bound double, quantity_bound double"


def _sales(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    """Sales of a category, ``drinks`` unless a row says otherwise."""
    # The category goes in as country, which the rule does not look at.
    given = ({"country": row.get("category", "drinks"), **row} for row in rows)
    return raw_events(spark, *given).withColumnRenamed("country", "category")


def _found(bounds: DataFrame) -> dict[tuple[date, str], tuple[float | None, float | None]]:
    rows = bounds.collect()
    return {(r["bound_date"], r["bound_category"]): tuple(r)[2:] for r in rows}


@pytest.mark.parametrize(
    ("changed", "factor"),
    [
        # The median is 8, the median deviation ln 2; of a normal distribution that is 1.4826.
        ({}, 2.0 ** (2.0 * 1.4826)),
        ({"outlier_min_factor": 20.0}, 20.0),
        # Quartiles 4, 8, 16: from the median to the third one factor of two, 1.5 times the two
        # between the quartiles more.
        ({"outlier_rule": "iqr", "outlier_limit": 1.5}, 2.0 ** (1 + 1.5 * 2)),
        ({"outlier_rule": "iqr", "outlier_limit": 1.5, "outlier_min_factor": 16.1}, 16.1),
    ],
)
def test_a_bound_is_the_median_times_what_the_rule_allows(
    spark: SparkSession, changed: dict[str, Any], factor: float
) -> None:
    rows = _sales(spark, *({"price": p, "quantity": 3.0} for p in PRICES))
    settings = SETTINGS.model_copy(update=changed)
    ((price, quantity),) = _found(per_category_bounds(rows, settings)).values()
    assert price == pytest.approx(8.0 * factor)
    # Where all are alike, only the least factor is left.
    assert quantity == pytest.approx(3.0 * settings.outlier_min_factor)


def test_each_delivery_and_category_has_its_own_bounds_where_sales_are_enough(
    spark: SparkSession,
) -> None:
    other = date(2024, 3, 9)
    rows = _sales(
        spark,
        *({"price": 1.0} for _ in range(5)),
        *({"price": 10.0, "file_date": other} for _ in range(5)),
        *({"price": 100.0, "category": None} for _ in range(5)),
        *({"price": 5.0, "category": "few"} for _ in range(4)),
        # A gift has no price to measure: its quantity is measured alone.
        *({"price": 0.0, "quantity": 2.0, "category": "gifts"} for _ in range(5)),
    )
    found = _found(per_category_bounds(rows, SETTINGS))
    assert found == {
        (DAY, "drinks"): (pytest.approx(2.0), pytest.approx(2.0)),
        (other, "drinks"): (pytest.approx(20.0), pytest.approx(2.0)),
        (DAY, ""): (pytest.approx(200.0), pytest.approx(2.0)),
        (DAY, "gifts"): (None, pytest.approx(4.0)),
    }


def test_equal_values_weigh_as_often_as_they_come(spark: SparkSession) -> None:
    rows = _sales(spark, *({"price": p} for p in (1.0, 1.0, 1.0, 4.0, 4.0, 16.0)))
    ((price, _),) = _found(per_category_bounds(rows, SETTINGS)).values()
    # The middle of six logarithms lies between 1 and 4, which is 2; all but 16 lie one factor of
    # two from it.
    assert price == pytest.approx(2.0 * math.exp(2.0 * 1.4826 * math.log(2.0)))


LINES: list[tuple[dict[str, Any], str | None]] = [
    ({"price": 10.0, "quantity": 5.0}, None),
    ({"price": 10.01}, "price_capped"),
    ({"quantity": 5.01}, "quantity_capped"),
    ({"price": 11.0, "quantity": 6.0}, "price_capped,quantity_capped"),
    ({"price": 11.0, "event_type": "return"}, "price_capped"),
    # Nobody paid for a look.
    ({"price": 11.0, "event_type": "view"}, None),
    # Far below is a promotion.
    ({"price": 0.0001, "quantity": 0.001}, None),
    ({"price": 11.0, "category": "unbounded"}, None),
    ({"price": 11.0, "file_date": date(2024, 3, 9)}, None),
    ({"price": 21.0, "category": None}, "price_capped"),
    ({"price": 20.0, "category": None, "quantity": 99.0}, None),
    # What an item cost before bounds it too, where that is lower or alone.
    ({"price": 8.01, "item_id": "cup"}, "price_capped"),
    ({"price": 8.0, "item_id": "cup"}, None),
    ({"price": 8.01, "item_id": "cup", "category": "unbounded"}, "price_capped"),
    ({"price": 10.01, "item_id": "pot"}, "price_capped"),
    ({"price": 8.01, "item_id": "cup", "file_date": date(2024, 3, 9)}, None),
]


@pytest.mark.parametrize("policy", ["cap", "quarantine", "keep"])
def test_what_lies_above_is_capped_refused_or_kept(spark: SparkSession, policy: str) -> None:
    bounds = local_frame(spark, [(DAY, "drinks", 10.0, 5.0), (DAY, "", 20.0, None)], BOUNDS)
    items = local_frame(spark, [(DAY, "cup", 8.0), (DAY, "pot", 50.0)], ITEM_BOUNDS)
    broken = {"price": 1e6, "event_id": "broken"}
    rows = _sales(spark, *(row for row, _ in LINES), broken)
    reason = F.when(F.col("event_id") == "broken", "no_order")
    judged = rows.withColumn("reason", reason.cast("string"))
    settings = SETTINGS.model_copy(update={"outliers": policy})
    actual = with_bounded_values(judged, bounds, items, settings)
    assert set(actual.columns) == {*judged.columns, "capped"}
    expected = [mark for _, mark in LINES]
    found = {row["event_id"]: row for row in actual.collect()}
    assert (found["broken"]["price"], found["broken"]["reason"]) == (1e6, "no_order")
    lines = [found[f"e{n}"] for n in range(len(LINES))]
    capped = expected if policy == "cap" else [None] * len(LINES)
    assert [row["capped"] for row in lines] == capped
    refused = ["outlier" if mark and policy == "quarantine" else None for mark in expected]
    assert [row["reason"] for row in lines] == refused
    caps = {1: 10.0, 3: 10.0, 4: 10.0, 9: 20.0, 11: 8.0, 13: 8.0, 14: 10.0}
    prices = caps if policy == "cap" else {}
    as_given = [line.get("price", 2.0) for line, _ in LINES]
    assert [row["price"] for row in lines] == [prices.get(n, p) for n, p in enumerate(as_given)]
    if policy == "cap":
        assert [lines[n]["quantity"] for n in (2, 3, 10)] == [5.0, 5.0, 99.0]
