"""Events delivered more than once: numbered by window over all rows, near ones by ``lag``."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

_SAME = (
    "customer_id",
    "shop_of_guest",
    "item",
    "event_type",
    "order_id",
    "units",
    "paid",
    "campaign_id",
    "query",
)


def with_repeats_marked(humans: DataFrame) -> DataFrame:
    """Of equal ids the first delivery stays."""
    sound = F.col("reason").isNull()
    copies = Window.partitionBy("event_id", sound).orderBy("file_date", "source_file")
    is_copy = sound & (F.col("copy") > 1)
    return humans.withColumn("copy", F.row_number().over(copies)).withColumn(
        "reason", F.when(is_copy, "repeated").otherwise(F.col("reason"))
    )


def with_near_repeats_marked(once: DataFrame, *, span: int) -> DataFrame:
    """``lag`` finds rows near the one before; those of a chain then go by order of delivery.

    Lines of an order in one file, at one moment, are no repeats of each other.
    """
    has_order = F.coalesce(F.trim("order_id"), F.lit("")) != ""
    compared = once.withColumns(
        {
            "file": F.when(has_order, F.col("source_file")),
            "shop_of_guest": F.when(F.col("customer_id").isNull(), F.col("source")),
        }
    ).where(has_order | F.col("customer_id").isNotNull())
    chains = _chains(compared.where("reason IS NULL"), span)
    step = F.struct("file_date", "micros", "file", "event_id")
    walked = chains.groupBy(*_SAME, "chain").agg(F.array_sort(F.collect_list(step)).alias("steps"))
    nothing = F.expr("struct(array() AS kept, array() AS near)").cast(
        "struct<kept: array<struct<file_date: date, micros: bigint, file: string>>,"
        " near: array<string>>"
    )
    walk = F.aggregate("steps", nothing, lambda done, row: _walked(done, row, span))
    near = walked.where("size(steps) > 1").select(F.explode(walk["near"]).alias("near_id"))
    marked = once.join(near, F.col("event_id") == F.col("near_id"), how="left")
    is_near = F.col("reason").isNull() & F.col("near_id").isNotNull()
    return marked.withColumn("reason", F.when(is_near, "near_repeat").otherwise(F.col("reason")))


def _chains(sound: DataFrame, span: int) -> DataFrame:
    in_time = Window.partitionBy(*_SAME).orderBy("micros")
    before, after = F.lag("micros").over(in_time), F.lead("micros").over(in_time)
    spaced = sound.withColumn("micros", F.unix_micros("event_at")).withColumns(
        {
            "opens": F.coalesce(F.col("micros") - before > span, F.lit(True)),
            "has_next": F.coalesce(after - F.col("micros") <= span, F.lit(False)),
        }
    )
    chain = F.sum(F.col("opens").cast("int")).over(in_time)
    return spaced.withColumn("chain", chain).where("NOT opens OR has_next")


def _walked(done: Column, row: Column, span: int) -> Column:
    """One more row of a chain: near one that stays, or staying itself."""
    told = F.struct(row["file_date"], row["micros"], row["file"])
    is_near = F.exists(
        done["kept"],
        lambda kept: (
            (F.abs(kept["micros"] - row["micros"]) <= span)
            & (row["file"].isNull() | (kept != told))
        ),
    )
    kept = F.when(is_near, done["kept"]).otherwise(F.concat(done["kept"], F.array(told)))
    near = F.when(is_near, F.concat(done["near"], F.array(row["event_id"]))).otherwise(done["near"])
    return F.struct(kept.alias("kept"), near.alias("near"))
