"""Nights that several faults are looked for in; a night costs seconds, whatever is in it."""

import pytest
from pyspark.sql import SparkSession

from tests.faults.dirty_nights import DirtyNights, dirty_nights_on


@pytest.fixture(scope="session")
def dirty_nights(spark: SparkSession) -> DirtyNights:
    return dirty_nights_on(spark)
