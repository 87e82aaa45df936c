"""Events delivered more than once: with equal ids, or the same event again within a second.

A purchase with an order id is one for days: confirmation pages are loaded again. The rule for
lines of one basket stands in docs/decisions/0013-prices-and-baskets.md, that for purchases in 0023.
"""

from collections.abc import Iterable, Iterator
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

from insight.events.identities import EVENT, base_id
from insight.events.rules import is_purchase
from insight.partitions import together_by
from insight.uniqueness import per_repeated_value

REPEATED = "repeated"
NEAR_REPEAT = "near_repeat"
REPEATED_SALE = "repeated_sale"

_SAME = (
    "customer_id",
    "item_id",
    "event_type",
    "order_id",
    "quantity",
    "price",
    "campaign_id",
    "search_text",
)
"""What two deliveries of one event share: another quantity or order is another line."""

_SIEVED = tuple(name for name in _SAME if name not in ("quantity", "price"))
"""Of these, what cleaning leaves as it came: the sieve meets rows before and after it."""

_OF_A_SALE = ("customer_id", "item_id", "event_type", "order_id")
"""What a purchase told again shares, beside quantity and price: the campaign may be another."""

_MICROS = 1_000_000
_MICROS_A_DAY = 86_400 * _MICROS
_BUCKET_SECONDS = 30

COMPARED = ("event_id", "event_at", "file_date", "source", *_SAME)
"""The columns that tell whether an event is there already."""


_Telling = tuple[date, str, int] | None
"""Delivery, file and moment in which the lines of an order stand beside each other."""


def per_suspect_value(rows: DataFrame, *, seconds: float, sale_days: int = 0) -> DataFrame:
    """``value``: hashes that two rows or more share, of an id or of an event and its moment.

    A sieve: few rows pass it, and only those are sorted and compared.
    """
    columns = [column.alias(f"value_{n}") for n, column in enumerate(_values(seconds, sale_days))]
    return per_repeated_value(rows.select(*columns))


def with_suspicion(
    rows: DataFrame, values: DataFrame, *, seconds: float, sale_days: int = 0
) -> DataFrame:
    """Adds ``is_suspect``: whether the row's id, order or moment is among the values."""
    found = F.lit(False)
    for number, column in enumerate(_values(seconds, sale_days)):
        hit = F.broadcast(values.select(F.col("value").alias(f"_hit_{number}")))
        rows = rows.join(hit, column == F.col(f"_hit_{number}"), how="left")
        found = found | F.col(f"_hit_{number}").isNotNull()
    return rows.withColumn("is_suspect", found).drop(*(f"_hit_{n}" for n in range(3)))


def without_ids(rows: DataFrame, others: DataFrame) -> DataFrame:
    """Rows that share no id with others, of which all whose hash is there twice are part.

    By the hash alone: two ids of one hash are suspects of each other, and both among them.
    """
    hashed = others.select(_id_value().alias("_other"))
    return rows.join(F.broadcast(hashed), _id_value() == F.col("_other"), how="left_anti")


def with_repetition_reason(
    judged: DataFrame, known: DataFrame, *, seconds: float, sale_days: int = 0
) -> DataFrame:
    """Marks all but one of the sound rows that tell of one event.

    Of equal ids, the event already in the lake survives, else the first delivery's, then by
    file name, then by a hash of its content, which differs only where a source brings ids of
    its own. Of near repeats, the earliest delivered survives, then the earliest.

    Rows of one order that have different ids but the same file and moment are lines of one
    basket: the first file and moment to tell of them keeps them all, for guests and for known
    customers, and any other within the span repeats them. Without an order, only a known
    customer's events are compared, since two guests are two people, and one event survives.

    Purchases of one order alike in customer, item, quantity and price are one within
    ``sale_days``; beyond ``seconds`` they are refused as ``repeated_sale``.

    Args:
        judged: Rows with ``reason``; a refused one is never the survivor of a sound one.
        known: ``COMPARED`` columns of events that other nights brought.
        seconds: How far apart two deliveries of one event may be.
        sale_days: The same for purchases with an order id, in days; 0 if order ids are reused.
    """
    sound = F.col("reason").isNull()
    lake = known.select(F.col("event_id").alias("known_id")).distinct()
    content = F.xxhash64(*content_of(judged))
    copies = Window.partitionBy("event_id", sound).orderBy("file_date", "source_file", content)
    numbered = judged.withColumn("_copy", F.row_number().over(copies)).join(
        lake, F.col("event_id") == F.col("known_id"), how="left"
    )
    is_copy = sound & ((F.col("_copy") > 1) | F.col("known_id").isNotNull())
    once = numbered.withColumn("reason", F.when(is_copy, REPEATED).otherwise(F.col("reason")))
    once = once.drop("_copy", "known_id")
    survivors = once.where("reason IS NULL")
    near = _near_repeats(survivors, known, span=round(seconds * _MICROS), sale_days=sale_days)
    marked = once.join(near, F.col("event_id") == F.col("near_id"), how="left")
    is_near = F.col("reason").isNull() & F.col("near_id").isNotNull()
    reason = F.when(is_near, F.col("near_reason")).otherwise(F.col("reason"))
    return marked.withColumn("reason", reason).drop("near_id", "near_reason")


def content_of(judged: DataFrame) -> list[str]:
    """Columns that tell copies apart, and say the same whichever night reads them."""
    of_the_run = ("reason", "original", "ingest_date", "key_id")
    return [name for name in judged.columns if name not in of_the_run]


def _values(seconds: float, sale_days: int) -> tuple[Column, Column, Column]:
    """Hashes by which copies find each other; null where a row has none.

    Two moments a second apart lie in one bucket, or the later one so near to its bucket's
    beginning that it asks in the bucket before as well. A purchase that may come again days
    later is found by its order.
    """
    micros = F.unix_micros("event_at")
    size, span = _BUCKET_SECONDS * _MICROS, round(seconds * _MICROS)
    bucket = F.floor(micros / F.lit(size)).cast("bigint")
    is_compared = _is_comparable() & F.col("event_at").isNotNull()
    is_lasting = _is_lasting(sale_days)
    same: tuple[str | Column, ...] = (*_SIEVED, _shop_of_guest())
    of_order = F.xxhash64(*_OF_A_SALE, _shop_of_guest())
    near = F.when(is_compared, F.when(is_lasting, of_order).otherwise(F.xxhash64(*same, bucket)))
    at_edge = is_compared & ~is_lasting & (F.pmod(micros, F.lit(size)) <= span)
    return _id_value(), near, F.when(at_edge, F.xxhash64(*same, bucket - 1))


def _is_lasting(sale_days: int) -> Column:
    """Whether the row is a purchase that its order id names for days.

    Of an order, one unit may be returned today and another tomorrow: those are two returns.
    """
    return is_purchase() & _has_order() if sale_days else F.lit(False)


def _has_order() -> Column:
    return F.coalesce(F.trim("order_id"), F.lit("")) != ""


def _is_comparable() -> Column:
    return F.col("customer_id").isNotNull() | _has_order()


def _shop_of_guest() -> Column:
    """The source where only the order names the buyer: two shops may both count from 1."""
    return F.when(F.col("customer_id").isNull(), F.col("source"))


def _id_value() -> Column:
    return F.xxhash64(base_id(EVENT.key))


def _near_repeats(
    survivors: DataFrame, known: DataFrame, *, span: int, sale_days: int
) -> DataFrame:
    """``near_id, near_reason``: rows within the span of an event that stays and is not beside them.

    Beside each other are lines of an order in one file, at one moment.
    """
    shop, is_lasting = _shop_of_guest().alias("shop"), _is_lasting(sale_days)
    of_sale = F.to_json(F.struct(*_OF_A_SALE, "quantity", "price", shop))
    key = F.when(is_lasting, of_sale).otherwise(F.to_json(F.struct(*_SAME, shop)))
    reach = F.when(is_lasting, sale_days * _MICROS_A_DAY).otherwise(F.lit(span)).cast("bigint")
    micros = F.unix_micros("event_at").alias("micros")
    compared = (key.alias("event_key"), reach.alias("reach"), micros, "event_id", "file_date")
    file = F.when(_has_order(), F.col("source_file")).alias("file")
    fresh = survivors.where(_is_comparable()).select(
        *compared, file, F.lit(False).alias("is_known")
    )
    there = known.where(_is_comparable()).select(
        *compared, F.lit(None).cast("string").alias("file"), F.lit(True).alias("is_known")
    )

    def repeats(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = list(batches)
        if parts:
            found = _too_near(pa.Table.from_batches(parts), span)
            columns = [pa.array(list(column), pa.string()) for column in found]
            yield pa.RecordBatch.from_arrays(columns, names=["near_id", "near_reason"])

    together = together_by(fresh.unionByName(there), "event_key")
    return together.mapInArrow(repeats, "near_id string, near_reason string")


def _too_near(rows: pa.Table, span: int) -> tuple[list[str], list[str]]:
    """Fresh rows within reach of a kept one of the same key, in order of delivery: ids, reasons.

    ``file`` is null where a row has no lines beside it: every kept row is another event then.
    """
    order = [("event_key", "ascending"), ("is_known", "descending")]
    order += [(name, "ascending") for name in ("file_date", "micros", "file", "event_id")]
    key: str | None = None
    kept: list[tuple[int, _Telling]] = []
    near: tuple[list[str], list[str]] = [], []
    for row in rows.sort_by(order).to_pylist():
        if row["event_key"] != key:
            key, kept = row["event_key"], []
        telling = None if row["file"] is None else (row["file_date"], row["file"], row["micros"])
        distances = (
            abs(row["micros"] - moment)
            for moment, other in kept
            if telling is None or telling != other
        )
        closest = min(distances, default=row["reach"] + 1)
        if closest <= row["reach"] and not row["is_known"]:
            near[0].append(row["event_id"])
            near[1].append(NEAR_REPEAT if closest <= span else REPEATED_SALE)
        else:
            kept.append((row["micros"], telling))
    return near
