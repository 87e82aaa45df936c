"""Daily series: without holes, and without their noise."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from insight.local_frames import local_frame
from insight.snapshots.series import daily_series, smoothed
from tests.frames import in_batches


def test_days_without_rows_are_zero_and_the_oldest_comes_first(spark: SparkSession) -> None:
    rows = local_frame(spark, [(0, 5), (2, 1), (2, 3), (9, 100)], "age int, value bigint")
    series = rows.agg(daily_series("age", F.col("value"), days=4).alias("series")).first()
    assert series is not None and series["series"] == [0, 4, 0, 5]


def test_one_wild_day_leaves_no_trace(spark: SparkSession) -> None:
    rows = local_frame(spark, [([1, 1, 900, 1, 1, 2],)], "series array<bigint>")
    (row,) = rows.select(smoothed(F.col("series"), days=3).alias("series")).collect()
    # At either end the window is shorter: the median of two is their mean.
    assert row["series"] == [1.0, 1.0, 1.0, 1.0, 1.0, 1.5]


@in_batches
@given(
    st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=12), min_size=30, max_size=30),
    st.sampled_from([1, 3, 5, 7]),
)
def test_the_rolling_median_is_the_median_of_each_window(
    spark: SparkSession, drawn: list[list[int]], days: int
) -> None:
    reach = days // 2
    rows = local_frame(spark, [(n, own) for n, own in enumerate(drawn)], "n int, s array<bigint>")
    found = rows.select("n", smoothed(F.col("s"), days=days).alias("s")).collect()
    expected = {
        n: [float(median(own[max(i - reach, 0) : i + reach + 1])) for i in range(len(own))]
        for n, own in enumerate(drawn)
    }
    assert {row["n"]: row["s"] for row in found} == expected
