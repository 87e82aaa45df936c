"""Rows that share an id and are different events: each event gets an id of its own.

An id that comes again is mostly the same event again, as it was or corrected. Where ids restart,
or name less than a row, it is another event (docs/decisions/0023-repeats-and-absence.md).
"""

from dataclasses import dataclass
from functools import reduce
from operator import add, and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.window import Window

DIFFERS = "id_differs_in"
"""Columns in which a row differs from the event that holds its id; null if it does not."""

_MARK, _DIGITS = "~", 16
_AGREES, _SAME_MOMENT, _CONTRADICTS = 2, 1, -2


@dataclass(frozen=True)
class Identity:
    """The columns that tell whether two rows of one id are the same event.

    Args:
        key: The id.
        always: Columns that a correction never changes.
        ids: Columns that name whom and what it belongs to; null says nothing.
        moment: When it happened.
    """

    key: str
    always: tuple[str, ...]
    ids: tuple[str, ...]
    moment: str

    @property
    def columns(self) -> tuple[str, ...]:
        """All but the key."""
        return (*self.always, *self.ids, self.moment)


EVENT = Identity("event_id", ("event_type", "item_id"), ("customer_id", "order_id"), "event_at")
FEEDBACK_ENTRY = Identity("feedback_id", ("kind", "item_id"), ("customer_id",), "created_at")
EXPOSURE = Identity("exposure_id", ("campaign_id",), ("customer_id",), "exposed_at")


def base_id(key: str) -> Column:
    """The id that the source gave, also of an event that had to get an id of its own."""
    own_part = _DIGITS + len(_MARK)
    has_own = F.substring(key, -own_part, len(_MARK)) == _MARK
    return F.when(has_own, F.expr(f"left({key}, length({key}) - {own_part})")).otherwise(F.col(key))


def with_distinct_ids(
    judged: DataFrame, known: DataFrame, identity: Identity, *, seconds: float
) -> DataFrame:
    """Give sound rows whose id another event holds an id of their own; add ``id_differs_in``.

    The event in the lake holds the id, else the one delivered first. Another event's id is
    extended by a hash of what tells it apart, so that it is the same whenever it is delivered.

    Two rows of one id are the same event if the columns in ``always`` are equal and agreement
    outweighs contradiction: +2 for each id that agrees, +1 for the same moment, -2 for each
    id or moment that differs. So a correction may change the time, the order or the price of a
    customer's event, and the customer of an order's line.

    Args:
        judged: Rows with ``reason``, ``file_date`` and ``source_file``.
        known: Events that other nights brought: the key and the columns of the identity.
        identity: Columns to compare.
        seconds: Distance up to which two moments are the same.
    """
    sound = F.col("reason").isNull()
    own = F.md5(_content(identity))
    delivered = Window.partitionBy(identity.key, sound).orderBy("file_date", "source_file", own)
    first = F.first(F.struct(*identity.columns)).over(delivered)
    holders = known.where(F.col(identity.key) == base_id(identity.key)).groupBy(
        F.col(identity.key).alias("_held")
    )
    there = holders.agg(F.min(F.struct(*identity.columns)).alias("_there"))
    rows = judged.withColumn("_first", first).join(
        there, F.col(identity.key) == F.col("_held"), how="left"
    )
    held = rows.withColumn("_holder", F.coalesce("_there", "_first"))
    is_other = sound & ~_is_same(identity, seconds)
    extended = F.concat(identity.key, F.lit(_MARK), F.substring(own, 1, _DIGITS))
    return held.withColumns(
        {
            DIFFERS: F.when(is_other, _differences(identity)),
            identity.key: F.when(is_other, extended).otherwise(F.col(identity.key)),
        }
    ).drop("_first", "_held", "_there", "_holder")


def _content(identity: Identity) -> Column:
    """The identity as text; a moment as a number, which no time zone changes."""
    always = (F.trim(name).alias(name) for name in identity.always)
    micros = F.unix_micros(identity.moment).alias("micros")
    return F.to_json(F.struct(*always, *identity.ids, micros))


def _is_same(identity: Identity, seconds: float) -> Column:
    alike = [_is_equal(name) for name in identity.always]
    micros = F.unix_micros(identity.moment) - F.unix_micros(F.col("_holder")[identity.moment])
    near = F.abs(micros) <= round(seconds * 1_000_000)
    weights = [F.when(near, _SAME_MOMENT).otherwise(_CONTRADICTS), *map(_weight, identity.ids)]
    return reduce(and_, alike) & (reduce(add, weights) >= 0)


def _weight(name: str) -> Column:
    agrees = F.col(name) == F.col("_holder")[name]
    return F.coalesce(F.when(agrees, _AGREES).when(~agrees, _CONTRADICTS), F.lit(0))


def _differences(identity: Identity) -> Column:
    """Names of the columns that differ; values of rows appear in no message."""
    names = [
        *(F.when(~_is_equal(name), F.lit(name)) for name in (*identity.always, *identity.ids)),
        F.when(F.col(identity.moment) != F.col("_holder")[identity.moment], identity.moment),
    ]
    return F.concat_ws(",", *names)


def _is_equal(name: str) -> Column:
    """Texts without blanks around them, as the clean tables hold them."""
    return F.trim(name).eqNullSafe(F.trim(F.col("_holder")[name]))
