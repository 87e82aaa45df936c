"""One Spark session for the whole suite, on this machine's cores."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog
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


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """For tests that run a job: it points the logs at the test's stderr, which is then closed."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True, scope="module")
def _forgotten_lakes() -> Iterator[None]:
    """Delta keeps the state of every table of every lake for an hour: gigabytes in the end."""
    yield
    session = SparkSession.getActiveSession()
    if session is not None:
        jvm: Any = session.sparkContext._jvm
        jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
