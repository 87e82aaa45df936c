"""What was known of an item when an event was delivered, and what it may fill in."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.events.rules import is_sale
from insight.point_in_time import per_version
from insight.settings import CleanSettings

_USED = ("category", "brand", "price")


def per_item_version(items: DataFrame) -> DataFrame:
    """``item_key, valid_from, valid_until, category, brand, list_price``: one row per change.

    Most descriptions differ from the one before only in stock: those are one version here.
    """
    following = Window.partitionBy("item_id").orderBy("valid_from")
    versions = per_version(items, key="item_id", attributes=_USED)
    return versions.select(
        F.col("item_id").alias("item_key"),
        "valid_from",
        F.lead("valid_from").over(following).alias("valid_until"),
        "category",
        "brand",
        F.col("price").alias("list_price"),
    )


def with_description(raw_events: DataFrame, versions: DataFrame) -> DataFrame:
    """Adds ``category, brand, list_price`` as of each row's delivery; null where unknown."""
    until = F.coalesce("valid_until", F.lit("9999-12-31").cast("date"))
    in_time = (F.col("file_date") >= F.col("valid_from")) & (F.col("file_date") < until)
    on = (F.trim("item_id") == F.col("item_key")) & in_time
    joined = raw_events.join(F.broadcast(versions), on, how="left")
    return joined.drop("item_key", "valid_from", "valid_until")


def with_imputed_values(described: DataFrame, settings: CleanSettings) -> DataFrame:
    """Fills in prices and quantities by policy; adds ``imputed``, the mask as text or null."""
    lacks_price = is_sale() & F.col("price").isNull() & F.col("list_price").isNotNull()
    lacks_quantity = F.col("quantity").isNull()
    price, quantity, marks = F.col("price"), _with_single_looks(), []
    if settings.missing_price == "impute":
        price = F.when(lacks_price, F.col("list_price")).otherwise(price)
        marks.append(F.when(lacks_price, "price_imputed"))
    if settings.missing_quantity == "impute":
        quantity = F.coalesce(quantity, F.lit(1.0))
        marks.append(F.when(lacks_quantity & is_sale(), "quantity_imputed"))
    filled = described.withColumn("imputed", joined_marks(marks))
    return filled.withColumns({"price": price, "quantity": quantity}).drop("list_price")


def with_single_looks(raw_events: DataFrame) -> DataFrame:
    """A click has no quantity of its own: one look is one unit, and nothing is made up."""
    return raw_events.withColumn("quantity", _with_single_looks())


def _with_single_looks() -> Column:
    return F.when(F.col("quantity").isNull() & ~is_sale(), 1.0).otherwise(F.col("quantity"))


def joined_marks(marks: list[Column]) -> Column:
    """Marks with commas between; null where there is none."""
    text = F.concat_ws(",", *marks) if marks else F.lit("")
    return F.when(text != "", text)
