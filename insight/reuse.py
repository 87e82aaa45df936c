"""Results that several queries use: computed once, and planned once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame

Keep = Callable[[DataFrame], DataFrame]


@contextmanager
def kept() -> Iterator[Keep]:
    """Gives a function that computes a frame's rows now, and keeps them while the block runs.

    To the planner a kept frame is rows that are there. A persisted one by itself takes its
    whole history into every plan that it is joined to: on a small night most of cleaning's time.
    What is lost with an executor is computed again.
    """
    held: list[DataFrame] = []

    def keep(frame: DataFrame) -> DataFrame:
        cached = frame.persist()
        held.append(cached)
        # Counted, so that the metrics of what it reads belong to a query.
        cached.count()
        return _without_history(cached)

    try:
        yield keep
    finally:
        for frame in held:
            frame.unpersist()


def _without_history(cached: DataFrame) -> DataFrame:
    # What Spark's localCheckpoint does, but for its blocks, which nothing could make again.
    session = cached.sparkSession
    plan: Any = cached._jdf.queryExecution()
    rows = session._jsparkSession.internalCreateDataFrame(plan.toRdd(), cached._jdf.schema(), False)
    return DataFrame(rows, session)
