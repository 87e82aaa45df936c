"""Prices of a delivery against those of the deliveries before it.

A slip of currency or unit multiplies every price. Within its own delivery nothing stands out then,
so each item is compared with its own past, and each category with its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.settings import CleanSettings

PRICED = ("file_date", "category", "item_id", "price")
"""The columns of sales that prices are read from."""

_GROUP = "price_group"
_DEVIATIONS_BETWEEN_QUARTILES = 1.349
"""Standard deviations of a normal distribution between its quartiles."""
_FEWEST_DELIVERIES = 3
"""With fewer earlier deliveries an item's past does not bound its single sales."""


@dataclass(frozen=True)
class PriceShift:
    """A delivery, or a category of it, whose prices moved together.

    Args:
        file_date: The delivery.
        category: Category, empty for items without one; None for the whole delivery.
        factor: Median price relative to the past, above or below 1.
        items: Items that the median is over.
        sales: Lines of sales in the delivery or category.
        is_certain: Whether trade hardly explains the shift: enough items were compared with their
            own past. The past of new items is that of their category, in which other goods may
            cause a shift, and a few items of one category may be on sale together.
    """

    file_date: date
    category: str | None
    factor: float
    items: int
    sales: int
    is_certain: bool

    def __str__(self) -> str:
        where = "all categories" if self.category is None else f"category {self.category or 'none'}"
        return f"{self.factor:.3g} times the past median in {self.file_date}, {where}"


def per_item_price(sales: DataFrame) -> DataFrame:
    """One row per delivery and item with a price above 0.

    Args:
        sales: ``PRICED`` columns of sales, as sound as their own rules can tell, neither capped
            nor freed of copies: both depend on other deliveries.

    Returns:
        ``item_id, category, sale_count, price_median, price_highest, file_date``.
    """
    priced = sales.where((F.col("price") > 0) & F.col("item_id").isNotNull())
    return priced.groupBy("file_date", "item_id").agg(
        F.max("category").alias("category"),
        F.count(F.lit(1)).alias("sale_count"),
        F.expr("percentile(price, 0.5)").alias("price_median"),
        F.max("price").alias("price_highest"),
    )


def with_past_price(prices: DataFrame, earlier: DataFrame, *, days: int) -> DataFrame:
    """Add ``past_log``, ``past_deviation`` and ``past_deliveries``; null and 0 without a past.

    The past of a delivery is the deliveries of the ``days`` before its date, whichever night read
    them. Each of them counts once, so one wrong delivery does not move the median.

    Args:
        prices: From ``per_item_price``.
        earlier: Rows of item_prices that earlier nights wrote.
        days: Length of the past in days.
    """
    log_price = F.log("price_median")
    before = earlier.select("item_id", "file_date", log_price.alias("log_price"))
    return _with_past(prices.withColumn("log_price", log_price), before, "item_id", days=days)


def per_shifted_group(
    compared: DataFrame, earlier: DataFrame, settings: CleanSettings
) -> DataFrame:
    """Deliveries and categories whose median price moved by more than the factor of the settings.

    The median is over the items' changes against their own past. Where too few items have one,
    the median price of the category is compared with its own past instead.

    Args:
        compared: From ``with_past_price``.
        earlier: Rows of item_prices that earlier nights wrote.
        settings: Factor, least numbers of items and length of the past.

    Returns:
        ``file_date, is_whole, category, factor, items, sales, is_certain``.
    """
    joined = _with_past(
        _per_group(compared), _per_group_before(earlier), _GROUP, days=settings.price_days
    )
    least = settings.price_shift_min_items
    has_own_past = F.col("compared_items") >= least
    is_broad = F.col("compared_items") >= settings.price_shift_category_items
    of_group = F.when(F.col("items") >= least, F.col("log_price") - F.col("past_log"))
    shift = F.when(has_own_past, F.col("own_change")).otherwise(of_group)
    # A rounded logarithm must not put the factor itself on either side by chance.
    moved = F.abs(shift) > math.log(settings.price_shift_factor) + 1e-9
    return joined.where(moved).select(
        "file_date",
        f"{_GROUP}.is_whole",
        f"{_GROUP}.category",
        F.exp(shift).alias("factor"),
        F.when(has_own_past, F.col("compared_items")).otherwise(F.col("items")).alias("items"),
        "sales",
        (has_own_past & (F.col(f"{_GROUP}.is_whole") | is_broad)).alias("is_certain"),
    )


def _per_group(compared: DataFrame) -> DataFrame:
    """One row per delivery and group: median change of its items, their numbers, median price."""
    change = F.col("log_price") - F.col("past_log")
    grouped = _with_group(compared.withColumn("change", change)).groupBy("file_date", _GROUP)
    return grouped.agg(
        F.expr("percentile(change, 0.5)").alias("own_change"),
        F.count("change").alias("compared_items"),
        F.count(F.lit(1)).alias("items"),
        F.sum("sale_count").alias("sales"),
        F.expr("percentile(log_price, 0.5)").alias("log_price"),
    )


def _per_group_before(earlier: DataFrame) -> DataFrame:
    """The median price of each earlier delivery and group."""
    median = F.expr("percentile(ln(price_median), 0.5)").alias("log_price")
    return _with_group(earlier).groupBy("file_date", _GROUP).agg(median)


def shifts_of(shifted: DataFrame) -> tuple[PriceShift, ...]:
    """Collect ``per_shifted_group``; categories are left out where the whole delivery moved."""
    rows = shifted.orderBy("file_date", "is_whole", "category").collect()
    whole = {row["file_date"] for row in rows if row["is_whole"] and row["is_certain"]}
    return tuple(
        PriceShift(
            row["file_date"],
            None if row["is_whole"] else row["category"],
            row["factor"],
            row["items"],
            row["sales"],
            row["is_certain"],
        )
        for row in rows
        if row["is_whole"] or row["file_date"] not in whole
    )


def per_item_bound(
    compared: DataFrame, shifts: Sequence[PriceShift], settings: CleanSettings
) -> DataFrame:
    """``bound_date, bound_item, item_bound`` of items with a sale above what their past allows.

    Above only, and by the same limits as within a category: what is far too cheap is a promotion.
    Where a whole delivery or category moved, its items are bounded from where they moved to.
    """
    moved = F.lit(0.0)
    for shift in sorted(shifts, key=lambda each: each.category is not None):
        is_there = F.col("file_date") == F.lit(shift.file_date)
        if shift.category is not None:
            is_there &= _category() == shift.category
        moved = F.when(is_there, math.log(shift.factor)).otherwise(moved)
    reach = F.greatest(
        F.col("past_deviation") * settings.outlier_limit,
        F.lit(math.log(settings.outlier_min_factor)),
    )
    bound = F.exp(F.col("past_log") + moved + reach)
    bounded = compared.where(F.col("past_deliveries") >= _FEWEST_DELIVERIES)
    return bounded.where(F.col("price_highest") > bound).select(
        F.col("file_date").alias("bound_date"),
        F.col("item_id").alias("bound_item"),
        bound.alias("item_bound"),
    )


def _with_past(now: DataFrame, before: DataFrame, key: str, *, days: int) -> DataFrame:
    """Add median and deviation of the earlier ``log_price`` of each row's key.

    Earlier rows of ``now`` count as those of ``before`` do. One pass in order of date: a join would
    pair each delivery of a rebuild with all others.
    """
    both = now.withColumn("is_now", F.lit(True)).unionByName(before, allowMissingColumns=True)
    reach = Window.partitionBy(key).orderBy(F.unix_date("file_date")).rangeBetween(-days, -1)
    past = both.withColumns(
        {
            "past": F.array_sort(F.collect_list("log_price").over(reach)),
            "past_deliveries": F.size(F.collect_set("file_date").over(reach)),
        }
    )
    spread = _quantile("past", 0.75) - _quantile("past", 0.25)
    columns = {
        "past_log": _quantile("past", 0.5),
        "past_deviation": spread / _DEVIATIONS_BETWEEN_QUARTILES,
    }
    return past.where("is_now").withColumns(columns).drop("is_now", "past")


def _quantile(name: str, share: float) -> Column:
    """Of a sorted array, between its elements as ``percentile`` does; null if it is empty."""
    place = (F.size(name) - 1) * share
    below, above = (F.get(name, edge(place).cast("int")) for edge in (F.floor, F.ceil))
    return below + (above - below) * (place - F.floor(place))


def _with_group(prices: DataFrame) -> DataFrame:
    """Each row twice: for its category and for the whole delivery."""
    of_category = F.struct(F.lit(False).alias("is_whole"), _category().alias("category"))
    of_delivery = F.struct(F.lit(True).alias("is_whole"), F.lit("").alias("category"))
    return prices.withColumn(_GROUP, F.explode(F.array(of_category, of_delivery)))


def _category() -> Column:
    return F.coalesce("category", F.lit(""))
