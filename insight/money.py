"""Amounts in a currency: exact to the millionth, in tables and in arithmetic on arrays."""

from decimal import Decimal

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column
from pyspark.sql import functions as F

from insight.tables import MONEY

MOST = 10**12
"""The least amount that the tables cannot hold."""

MILLIONTHS = 1_000_000
"""Millionths in one unit of the currency."""

_CERTAINLY_HELD = 2**62
"""Half of what a bigint holds, so that a float is near enough to tell."""
_WHOLE = "decimal(19,0)"
"""Holds every bigint."""


def to_money(value: Column) -> Column:
    """A number as an amount, half a millionth away from zero; null if it is ``MOST`` or more.

    No table allows a null amount, so that a sum too large ends in a broken contract.
    """
    # Only behind a condition does Spark leave out a cast that would fail.
    return F.when(value < MOST, value.cast(MONEY))


def to_millionths(amount: Column) -> Column:
    """An amount as a whole number, for arithmetic on arrays."""
    return (amount * F.lit(MILLIONTHS)).cast("bigint")


def from_millionths(total: Column) -> Column:
    """The amount of a whole number of millionths; null if it is ``MOST`` or more."""
    return to_money(total.cast(_WHOLE) * F.lit(1 / Decimal(MILLIONTHS)))


def group_totals(
    values: npt.NDArray[np.int64], begins: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Sums of runs of millionths; one that might wrap around is ``MOST``, which no table holds.

    Args:
        values: Not negative, each below ``MOST``, shape (rows,).
        begins: Where each run begins, ascending, shape (runs,).
    """
    if not len(begins):
        return np.zeros(0, np.int64)
    about = np.add.reduceat(values, begins, dtype=np.float64)
    return np.where(about < _CERTAINLY_HELD, np.add.reduceat(values, begins), MOST * MILLIONTHS)
