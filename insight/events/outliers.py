"""Prices and quantities of sales far above those of their category."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from insight.events.described import joined_marks
from insight.events.rules import is_sale
from insight.settings import CleanSettings

OUTLIER = "outlier"

MEASURED = ("price", "quantity")

_GROUP = ("file_date", "category")
BOUNDED = (*_GROUP, *MEASURED)
"""The columns that bounds are found on."""

_UNKNOWN = ""
_DEVIATION = 1.4826
"""Median absolute deviations to standard deviations of a normal distribution (Rousseeuw and
Croux 1993)."""


def per_category_bounds(sales: DataFrame, settings: CleanSettings) -> DataFrame:
    """``bound_date, bound_category, price_bound, quantity_bound`` per delivery and category.

    On a logarithmic scale, since prices differ by factors, and above only: what is far too
    cheap is a promotion, or sold by the gram. A delivery is held against itself here, and against
    its items' past in ``price_history``.

    Args:
        sales: Described rows of sales, as sound as their own rules can tell.
        settings: The rule and its limits.
    """
    prices, quantities = (_bounds(sales, name, settings) for name in MEASURED)
    both = prices.join(quantities, on=list(_GROUP), how="full_outer")
    return both.select(
        F.col("file_date").alias("bound_date"),
        F.col("category").alias("bound_category"),
        *(f"{name}_bound" for name in MEASURED),
    )


def with_bounded_values(
    judged: DataFrame, bounds: DataFrame, item_bounds: DataFrame, settings: CleanSettings
) -> DataFrame:
    """Caps or refuses what lies above the bounds; adds ``capped``, the mask as text or null.

    Args:
        judged: Rows with ``reason``.
        bounds: From ``per_category_bounds``.
        item_bounds: From ``price_history.per_item_bound``; the lower of two bounds counts.
        settings: What becomes of the rows.
    """
    if settings.outliers == "keep":
        return judged.withColumn("capped", F.lit(None).cast("string"))
    category = F.coalesce("category", F.lit(_UNKNOWN))
    on = (F.col("file_date") == F.col("bound_date")) & (category == F.col("bound_category"))
    of_item = (F.col("file_date") == F.col("item_bound_date")) & (
        F.col("item_id") == F.col("bound_item")
    )
    renamed = item_bounds.withColumnRenamed("bound_date", "item_bound_date")
    joined = (
        judged.join(F.broadcast(bounds), on, how="left")
        .join(F.broadcast(renamed), of_item, how="left")
        .withColumn("price_bound", F.least("price_bound", "item_bound"))
    )
    above = {name: _is_above(name) for name in MEASURED}
    if settings.outliers == "quarantine":
        is_outlier = above["price"] | above["quantity"]
        reason = F.when(is_outlier, OUTLIER).otherwise(F.col("reason"))
        changed = joined.withColumns({"reason": reason, "capped": F.lit(None).cast("string")})
    else:
        marks = joined_marks([F.when(above[name], f"{name}_capped") for name in MEASURED])
        values = {
            name: F.when(above[name], F.col(f"{name}_bound")).otherwise(F.col(name))
            for name in MEASURED
        }
        changed = joined.withColumns({"capped": marks, **values})
    used = ("bound_date", "bound_category", "item_bound_date", "bound_item", "item_bound")
    return changed.drop(*used, *(f"{name}_bound" for name in MEASURED))


def _is_above(name: str) -> Column:
    above = F.col(name) > F.col(f"{name}_bound")
    return F.coalesce(F.col("reason").isNull() & is_sale() & above, F.lit(False))


def _bounds(sales: DataFrame, name: str, settings: CleanSettings) -> DataFrame:
    """``file_date, category, <name>_bound`` of the categories with enough sales."""
    category = F.coalesce("category", F.lit(_UNKNOWN)).alias("category")
    # Equal values are counted first: the exact percentiles then sort a few of them.
    counted = (
        sales.where(F.col(name) > 0)
        .groupBy("file_date", category, F.log(name).alias("value"))
        .agg(F.count(F.lit(1)).alias("frequency"))
    )
    quartiles = F.expr("percentile(value, array(0.25, 0.5, 0.75), frequency)")
    centres = counted.groupBy(*_GROUP).agg(
        quartiles.alias("quartiles"), F.sum("frequency").alias("rows")
    )
    centres = centres.where(F.col("rows") >= settings.outlier_min_rows)
    median, third = F.col("quartiles")[1], F.col("quartiles")[2]
    if settings.outlier_rule == "iqr":
        reach = third - median + settings.outlier_limit * (third - F.col("quartiles")[0])
        found = centres.withColumn("reach", reach)
    else:
        found = _with_deviation_reach(counted, centres, settings.outlier_limit)
    least = F.lit(settings.outlier_min_factor)
    bound = F.exp(median + F.greatest(F.col("reach"), F.log(least)))
    return found.select(*_GROUP, bound.alias(f"{name}_bound"))


def _with_deviation_reach(counted: DataFrame, centres: DataFrame, limit: float) -> DataFrame:
    joined = counted.join(centres, on=list(_GROUP), how="inner")
    deviation = F.abs(F.col("value") - F.col("quartiles")[1])
    spread = (
        joined.select(*_GROUP, deviation.alias("deviation"), "frequency")
        .groupBy(*_GROUP)
        .agg(F.expr("percentile(deviation, 0.5, frequency)").alias("mad"))
    )
    reach = F.lit(limit * _DEVIATION) * F.col("mad")
    return centres.join(spread, on=list(_GROUP), how="inner").withColumn("reach", reach).drop("mad")
