"""Expressions that a source declares, tried row by row: one bad value must not end the night."""

from typing import Any, cast

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

_COMPUTED = "computed"


class Attempt:
    """A value that may fail.

    Spark ends the whole query at a cast that fails, a division by zero, or a time too large;
    only some functions have a twin that gives null instead. This is how Spark itself makes
    those twins.

    Args:
        spark: The session.
        value: What is tried.
        beside: A column that is never empty. What two expressions have in common Spark computes
            ahead of both, outside of the attempt, unless it stands behind a condition.
    """

    def __init__(self, spark: SparkSession, value: Column, *, beside: str) -> None:
        jvm = cast(Any, spark.sparkContext._jvm)
        # A struct is never null by itself: where the attempt is null, it failed.
        wrapped = F.struct(value.alias(_COMPUTED))._jc.expr()
        tried = jvm.org.apache.spark.sql.catalyst.expressions.TryEval(wrapped)
        attempt = Column(jvm.org.apache.spark.sql.Column(tried))
        self.column = F.when(F.length(beside) > 0, attempt)
        """A struct with the value; null where computing it failed."""


def computed(name: str) -> Column:
    """The value of an attempt that was selected under a name; null also where it failed."""
    return F.col(name)[_COMPUTED]
