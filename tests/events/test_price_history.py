"""Prices of a delivery against the past of its items and categories, worked out by hand."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from insight.events.price_history import (
    PriceShift,
    per_item_bound,
    per_item_price,
    per_shifted_group,
    shifts_of,
    with_past_price,
)
from insight.local_frames import local_frame
from insight.settings import CleanSettings
from tests.frames import DAY

SETTINGS = CleanSettings(
    price_shift_min_items=3, price_shift_category_items=3, price_days=7, outlier_min_factor=4.0
)
SALES = "file_date date, category string, item_id string, price double"
EARLIER = "item_id string, category string, price_median double, file_date date"


def _before(days: int) -> date:
    return DAY - timedelta(days=days)


def _prices(spark: SparkSession, rows: Iterable[tuple[Any, ...]]) -> DataFrame:
    return per_item_price(local_frame(spark, list(rows), SALES))


def _compared(
    spark: SparkSession, sales: Iterable[tuple[Any, ...]], earlier: Iterable[tuple[Any, ...]] = ()
) -> tuple[DataFrame, DataFrame]:
    past = local_frame(spark, list(earlier), EARLIER)
    return with_past_price(_prices(spark, sales), past, days=SETTINGS.price_days), past


def _shifts(
    spark: SparkSession, sales: Iterable[tuple[Any, ...]], earlier: Iterable[tuple[Any, ...]] = ()
) -> tuple[PriceShift, ...]:
    compared, past = _compared(spark, sales, earlier)
    return shifts_of(per_shifted_group(compared, past, SETTINGS))


def test_an_item_has_one_price_a_delivery(spark: SparkSession) -> None:
    rows: list[tuple[Any, ...]] = [(DAY, "drinks", "tea", p) for p in (1.0, 2.0, 9.0)]
    rows += [(_before(1), None, "tea", 4.0), (DAY, None, "gift", 0.0), (DAY, None, None, 5.0)]
    names = ("file_date", "item_id", "category", "sale_count", "price_median", "price_highest")
    found = {tuple(row) for row in _prices(spark, rows).select(*names).collect()}
    assert found == {
        (DAY, "tea", "drinks", 3, 2.0, 9.0),
        (_before(1), "tea", None, 1, 4.0, 4.0),
    }


def test_the_past_is_what_was_delivered_before_whichever_night_read_it(
    spark: SparkSession,
) -> None:
    days = {0: 800.0, 1: 8.0, 2: 2.0, 3: 4.0, 7: 8.0, 8: 999.0}
    delivered = [(_before(days), "drinks", "tea", price) for days, price in days.items()]
    nights = [
        (delivered, []),
        (delivered[:1], [("tea", "drinks", price, day) for day, _, _, price in delivered[1:]]),
    ]
    for tonight, earlier in nights:
        compared, _ = _compared(spark, tonight, earlier)
        row = compared.where(f"file_date = '{DAY}'").first()
        assert row is not None
        # Of 2, 4, 8, 8: the median is the middle of two logarithms.
        assert row["past_log"] == pytest.approx(2.5 * 0.693147, rel=1e-5)
        assert row["past_deliveries"] == 4
        # Quartiles 3.5 and 3 factors of two; 1.349 deviations lie between quartiles.
        assert row["past_deviation"] == pytest.approx(1.25 * 0.693147 / 1.349, rel=1e-5)


MOVED: dict[str, tuple[list[float], list[int]]] = {
    "hundredfold": ([100.0] * 3, [1, 2]),
    "a hundredth": ([0.01] * 3, [1]),
    "above the factor": ([5.01] * 3, [7]),
    "a sixth": ([1 / 6] * 3, [1]),
    "a sale at a fifth": ([0.2] * 3, [1]),
    "half price": ([0.5] * 3, [1]),
    "at the factor": ([5.0] * 3, [1]),
    "no past": ([100.0] * 3, []),
    "too long ago": ([100.0] * 3, [8]),
    "one item of three": ([100.0, 1.0, 1.0], [1]),
    "too few items": ([100.0, 100.0], [1]),
}
"""By category: factors of tonight's three items, and how many days ago they were sold before."""


def test_a_category_moves_whose_items_moved_against_their_own_past(spark: SparkSession) -> None:
    sales = [
        (DAY, category, f"{item} {category}", item * factor)
        for category, (factors, _) in MOVED.items()
        for item, factor in enumerate(factors, 2)
    ]
    # Sold twice, and sold later at another price, which is no past.
    sales += [sales[0], (_before(-1), "no past", "2 no past", 2.0)]
    past = [
        (f"{item} {category}", category, float(item), _before(days))
        for category, (factors, ago) in MOVED.items()
        for days in ago
        for item in range(2, 2 + len(factors))
    ]
    # One wrong delivery between two right ones does not move a past.
    sales += [(DAY, "steady", f"s{n}", 2.0) for n in range(3)]
    for days, factor in ((1, 1.0), (2, 100.0), (3, 1.0)):
        past += [(f"s{n}", "steady", 2.0 * factor, _before(days)) for n in range(3)]
    found = {
        shift.category: (round(shift.factor, 9), shift.items, shift.sales, shift.is_certain)
        for shift in _shifts(spark, sales, past)
        if shift.category is not None
    }
    assert found == {
        "hundredfold": (100.0, 3, 4, True),
        "a hundredth": (0.01, 3, 3, True),
        "above the factor": (5.01, 3, 3, True),
        "a sixth": (round(1 / 6, 9), 3, 3, True),
    }


def test_a_whole_delivery_that_moved_is_one_shift_and_new_items_are_never_certain(
    spark: SparkSession,
) -> None:
    other = _before(1)
    whole = [(DAY, category, f"{category}{n}", 200.0) for category in "ab" for n in range(3)]
    # In the other delivery all items are new: their category has a past of its own.
    new = [(other, "a", f"new {n}", 0.02) for n in range(3)]
    past = [(f"{c}{n}", c, 2.0, _before(2)) for c in "ab" for n in range(3)]
    assert _shifts(spark, [*whole, *new], past) == (
        PriceShift(other, "a", _about(0.01), 3, 3, is_certain=False),
        PriceShift(other, None, _about(0.01), 3, 3, is_certain=False),
        PriceShift(DAY, None, _about(100.0), 6, 6, is_certain=True),
    )


def _about(factor: float) -> Any:
    return pytest.approx(factor)


def test_an_item_is_bounded_by_its_own_past(spark: SparkSession) -> None:
    past = [
        *(("steady", "a", 2.0, _before(n)) for n in (1, 2, 3)),
        *(("new", "a", 2.0, _before(n)) for n in (1, 2)),
        # Quartiles one factor of two from the median 8: 6 * 2 / 1.349 factors of two are allowed.
        *(("by weight", "a", p, _before(n)) for n, p in enumerate((2.0, 4.0, 8.0, 16.0, 32.0), 1)),
    ]
    sales = [(DAY, "a", "steady", 8.01), (DAY, "a", "new", 900.0), (DAY, "a", "by weight", 3000.0)]
    sales += [(DAY, "a", "steady", 2.0)]
    compared, _ = _compared(spark, sales, past)
    found = {
        row["bound_item"]: row["item_bound"]
        for row in per_item_bound(compared, (), SETTINGS).collect()
    }
    assert found == {"steady": pytest.approx(8.0)}
    dearer, _ = _compared(spark, [(DAY, "a", "by weight", 4000.0)], past)
    (row,) = per_item_bound(dearer, (), SETTINGS).collect()
    assert row["item_bound"] == pytest.approx(8.0 * 2 ** (6 * 2 / 1.349))


def test_where_a_delivery_moved_its_items_are_bounded_from_there(spark: SparkSession) -> None:
    past = [(item, "a", 2.0, _before(n)) for item in ("tea", "cup") for n in (1, 2, 3)]
    compared, _ = _compared(spark, [(DAY, "a", "tea", 200.0), (DAY, "a", "cup", 2000.0)], past)
    moved = (PriceShift(DAY, None, 100.0, 2, 2, is_certain=True),)
    (row,) = per_item_bound(compared, moved, SETTINGS).collect()
    assert (row["bound_item"], row["item_bound"]) == ("cup", pytest.approx(800.0))
