"""Builds the Spark session, and reads back what Spark has done."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from insight.jvm import elements, remember_names

REPOSITORY = Path(__file__).resolve().parent.parent

WAREHOUSE = Path(tempfile.gettempdir()) / f"insight-{os.getuid()}-spark-warehouse"
"""Folder of Spark's own default database, which has no table. Spark makes it at its start, in the
caller's directory if nothing else is said."""


def build_session(app_name: str) -> SparkSession:
    """The session of a job.

    Under spark-submit the wrapper has set everything. Without it (a test, a notebook) the
    same files under conf/spark are read here, so that both see the same Spark.
    """
    builder = SparkSession.builder.appName(app_name)
    builder = builder.config("spark.sql.warehouse.dir", f"file:{WAREHOUSE}")
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        # Workers run what this process runs, whatever `python3` means on the path.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_CONF_DIR", str(REPOSITORY / "conf" / "spark"))
        for key, value in local_properties().items():
            builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    remember_names(session.sparkContext._jvm)
    return session


def local_properties() -> dict[str, str]:
    """Spark properties for a session on this machine, Delta's jars among them."""
    properties = {"spark.master": "local[2]"}
    for name in ("common", "local"):
        text = (REPOSITORY / "conf" / "spark" / f"{name}.conf").read_text()
        for line in text.splitlines():
            if line.strip() and not line.startswith("#"):
                key, _, value = line.partition(" ")
                properties[key] = value.strip()
    jars = sorted((REPOSITORY / ".jars").glob("*.jar"))
    properties["spark.jars"] = ",".join(str(jar) for jar in jars)
    return properties


def rows_read(session: SparkSession, *, since: int, roots: dict[str, str]) -> dict[str, int]:
    """Rows that file scans gave, by the folder they read, from Spark's own query metrics.

    Delta reads its logs, and audits read staged files, by queries too: those rows are not data.

    Args:
        session: The session that ran the queries.
        since: Queries from this number on are counted, from ``next_query``.
        roots: Folder prefix to the name it is counted under; the longest match wins.
    """
    executions = _executions(session)
    store = session._jsparkSession.sharedState().statusStore()
    counted: dict[str, int] = {}
    # The newest are the last; Spark forgets the oldest, so that places say nothing.
    for position in reversed(range(executions.size())):
        execution = executions.apply(position)
        if execution.executionId() < since:
            break
        if execution.description() == _AUDIT:
            continue
        values = store.executionMetrics(execution.executionId())
        nodes = store.planGraph(execution.executionId()).allNodes()
        for node in elements(nodes):
            name = _root_of(node.desc(), roots) if _reads_data(node) else None
            if name:
                counted[name] = counted.get(name, 0) + _output_rows(node, values)
    return counted


@contextmanager
def auditing(session: SparkSession) -> Iterator[None]:
    """Queries that run within the block read staged rows, which are not data yet."""
    context: Any = session.sparkContext
    before = context.getLocalProperty("spark.job.description")
    context.setJobDescription(_AUDIT)
    try:
        yield
    finally:
        context.setJobDescription(before)


def next_query(session: SparkSession) -> int:
    """The number that the application's next SQL query gets."""
    executions = _executions(session)
    count = executions.size()
    return int(executions.apply(count - 1).executionId()) + 1 if count else 0


def _executions(session: SparkSession) -> Any:
    """What Spark still knows of past queries, the oldest first."""
    # Spark updates its store from a queue of its own; wait until it has caught up.
    session.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    return session._jsparkSession.sharedState().statusStore().executionsList()


_AUDIT = "audit of staged rows"
"""Description of the queries that ``rows_read`` leaves out."""

_DELTA_LOG = "DeltaLogFileIndex"
"""How Spark names Delta's own logs in a plan."""


def _reads_data(node: Any) -> bool:
    # "Scan csv ", "Scan parquet "; not "Scan ExistingRDD Delta Table State ...".
    is_file_scan = node.name().startswith(("Scan csv", "Scan json", "Scan parquet"))
    return is_file_scan and _DELTA_LOG not in node.desc()


def _root_of(description: str, roots: dict[str, str]) -> str | None:
    hits = [root for root in roots if root in description]
    return roots[max(hits, key=len)] if hits else None


def _output_rows(node: Any, values: Any) -> int:
    for metric in elements(node.metrics()):
        if metric.name() == "number of output rows":
            text = values.get(metric.accumulatorId())
            return int(text.get().replace(",", "")) if text.isDefined() else 0
    return 0
