"""Values that are there more than once, against a plain count."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from insight.local_frames import local_frame
from insight.uniqueness import per_repeated_value, range_edges
from tests.frames import in_batches

_EXTREMES = st.sampled_from((-(2**63), 2**63 - 1, 0, -1))


@in_batches
@given(
    st.lists(
        st.one_of(st.integers(-300, 300), _EXTREMES, st.integers(-(2**62), 2**62)), max_size=400
    ),
    st.integers(1, 5),
)
def test_each_value_that_is_there_twice_or_more_is_named_once(
    spark: SparkSession, drawn: list[int], partitions: int
) -> None:
    values = local_frame(spark, [(value,) for value in drawn], "hashed bigint")
    repeated = per_repeated_value(values.repartition(partitions))
    assert repeated.columns == ["value"]
    found = [row["value"] for row in repeated.collect()]
    assert sorted(found) == sorted(value for value, n in Counter(drawn).items() if n > 1)


def test_none_is_repeated_where_there_are_none_or_all_differ(spark: SparkSession) -> None:
    different = spark.range(1000).select("id")
    assert per_repeated_value(different).collect() == []
    assert per_repeated_value(different.where("false")).collect() == []


def test_ranges_are_even_and_cover_every_value() -> None:
    assert range_edges(1).tolist() == []
    assert range_edges(4).tolist() == [-(2**62), 0, 2**62]
    edges = range_edges(1_600)
    assert len(edges) == 1_599
    widths = np.diff(edges)
    assert widths.min() >= 2**64 // 1_600
    assert widths.max() <= 2**64 // 1_600 + 1


def test_more_values_than_a_task_keeps_leave_it_in_several_blocks(spark: SparkSession) -> None:
    # With two shuffle partitions, 16 ranges: a task keeps 16 * 512 values at once.
    drawn = np.random.default_rng(3).integers(-(2**63), 2**63, 30_000).tolist()
    rows = [(value,) for value in [*drawn, drawn[0], drawn[-1]]]
    values = local_frame(spark, rows, "hashed bigint").coalesce(1)
    rows_per_batch = "spark.sql.execution.arrow.maxRecordsPerBatch"
    usual = spark.conf.get(rows_per_batch)
    spark.conf.set(rows_per_batch, "5000")
    try:
        found = {row["value"] for row in per_repeated_value(values).collect()}
    finally:
        spark.conf.set(rows_per_batch, usual)
    assert found == {drawn[0], drawn[-1]}
