"""One Spark session for all tests of a worker, on this machine's cores."""

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


# What a folder's tests share takes minutes to make.
TOGETHER = ("tests/jobs", "tests/rehearsal", "tests/publishing", "tests/promotion")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something slow go to one worker, those of a file in any case."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        group = folder if folder in TOGETHER else file
        if "dirty_nights" in getattr(item, "fixturenames", ()):
            group = "dirty_nights"
        item.add_marker(pytest.mark.xdist_group(group))


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
