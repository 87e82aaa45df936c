"""Samples of whole customers by a hash: the same customers for every contender and every night."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

_PARTS = 1_000_000
_JUDGED, _FITTED = "judged", "fitted"
"""Salts of the hash. Were they equal, the logistic baseline would be judged on the very customers
that it learns from, and a model on customers of whom it knows no more than of others."""


def keep_judged_rows(examples: DataFrame, *, most_rows: int, split: str = "test") -> DataFrame:
    """Keep about ``most_rows`` rows of one split, by whole customers; other splits stay whole.

    The share of customers follows from a count of the split's rows. All rows stay if there are
    no more than ``most_rows``.

    Args:
        examples: With ``customer_id`` and ``split``.
        most_rows: Rows of the split to keep.
        split: Its name.
    """
    is_judged = F.col("split") == split
    sampled = _is_sampled(examples.where(is_judged).count(), most_rows, salt=_JUDGED)
    return examples if sampled is None else examples.where(~is_judged | sampled)


def keep_fitted_rows(examples: DataFrame, *, most_rows: int) -> DataFrame:
    """Keep about ``most_rows`` rows to fit a baseline on, by whole customers.

    Args:
        examples: With ``customer_id``.
        most_rows: Rows to keep; all rows stay if there are no more.
    """
    sampled = _is_sampled(examples.count(), most_rows, salt=_FITTED)
    return examples if sampled is None else examples.where(sampled)


def _is_sampled(rows: int, most_rows: int, *, salt: str) -> Column | None:
    """Whether a row's customer is sampled; None if all rows stay."""
    if rows <= most_rows:
        return None
    place = F.pmod(F.xxhash64(F.lit(salt), "customer_id"), F.lit(_PARTS))
    return place < F.lit(_PARTS * most_rows // rows)
