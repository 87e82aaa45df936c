"""One Spark session for the whole suite, on this machine's cores."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from insight.spark import build_session

# A test has a few rows: compiling each query, and planning it for many partitions, would take
# most of the suite's time. What the rows become is the same.
FEW_ROWS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = build_session("insight tests")
    for name, value in FEW_ROWS.items():
        session.conf.set(name, value)
    yield session
    session.stop()
