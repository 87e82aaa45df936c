"""One Spark session for all tests of a worker, on this machine's cores."""

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import structlog
from pyspark.sql import SparkSession
from xdist.scheduler import LoadScopeScheduling

from insight.spark import REPOSITORY, build_session, local_properties

# A test has a few rows: compiling each query, and planning it for many partitions, would take
# most of the suite's time. What the rows become is the same.
FEW_ROWS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


# The second compiler makes code fast that runs for minutes. Here it takes a core from the other
# worker. Spark reads the variable in this process and in those that tests start.
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1")

# What a folder's tests share takes minutes to make.
TOGETHER = ("tests/jobs", "tests/rehearsal", "tests/publishing", "tests/promotion")


class SharedFixtures(LoadScopeScheduling):
    """Tests that share something slow go to one worker, those of a file in any case.

    The groups of ``--dist loadgroup`` would say the same, but have no effect with this pytest.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid.partition("::")[0])


@cache
def _group(file: str) -> str:
    folder = file.rpartition("/")[0]
    if folder in TOGETHER:
        return folder
    shares_nights = "dirty_nights" in (REPOSITORY / file).read_text()
    return "dirty_nights" if shares_nights else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> SharedFixtures:
    return SharedFixtures(config, log)


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    # A job that a test runs in this process also calls build_session. It gets this session, and
    # Spark sets the properties again.
    usual = local_properties()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("insight.spark.local_properties", lambda: usual | FEW_ROWS)
        session = build_session("insight tests")
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
