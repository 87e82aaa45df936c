import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from insight.partitions import together_by
from insight.reuse import kept

# Rows enough to be left in several partitions would take seconds.
NO_COALESCING = ("spark.sql.adaptive.coalescePartitions.enabled", "false")


@pytest.fixture(scope="module")
def joined(spark):
    """Events of half of 50 customers, left over from a join that was planned with a shuffle."""
    name, value = NO_COALESCING
    before = spark.conf.get(name)
    spark.conf.set(name, value)
    customer = (F.col("id") % 50).cast("string")
    rows = spark.range(0, 2000, 1, 4).select(customer.alias("customer_id"), "id")
    with kept() as keep:
        some = keep(rows.where("id % 50 < 25").select("customer_id")).distinct()
        yield rows.join(some, on="customer_id", how="left_semi")
    spark.conf.set(name, before)


def _customers_by_partition(rows):
    """The customers of each partition, once each."""

    def listed(batches):
        parts = list(batches)
        if parts:
            names = pa.Table.from_batches(parts)["customer_id"].combine_chunks().unique()
            yield pa.RecordBatch.from_arrays([names], names=["customer_id"])

    return rows.mapInArrow(listed, "customer_id string").collect()


def test_what_belongs_together_stays_so_after_a_join_on_the_same_column(joined):
    assert len(_customers_by_partition(together_by(joined, "customer_id"))) == 25


def test_the_shuffle_that_spark_takes_out_is_why(joined):
    # Where this fails, Spark no longer takes it out, and together_by may go.
    assert len(_customers_by_partition(joined.repartition("customer_id"))) > 25
