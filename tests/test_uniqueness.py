"""Values that are there more than once, against a plain count."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from insight.uniqueness import per_repeated_value
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
    values = spark.createDataFrame([(value,) for value in drawn], "hashed bigint")
    repeated = per_repeated_value(values.repartition(partitions))
    assert repeated.columns == ["value"]
    found = [row["value"] for row in repeated.collect()]
    assert sorted(found) == sorted(value for value, n in Counter(drawn).items() if n > 1)


def test_none_is_repeated_where_there_are_none_or_all_differ(spark: SparkSession) -> None:
    different = spark.range(1000).select("id")
    assert per_repeated_value(different).collect() == []
    assert per_repeated_value(different.where("false")).collect() == []
