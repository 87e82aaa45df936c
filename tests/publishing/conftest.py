"""A small lake of two scored nights."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import to_arrow_schema

from insight.delta import Lake
from insight.local_frames import local_frame
from insight.tables import (
    CUSTOMER_SCORES,
    DATA_QUALITY,
    EVALUATION,
    ITEMS,
    QUARANTINE,
    RECOMMENDATIONS,
    RUN_LOG,
    SESSIONS,
    Table,
)

BEFORE, TONIGHT = date(2024, 3, 30), date(2024, 3, 31)
POPULAR = "recent_popularity_7d"
OLD, NEW = "2024-03-24-aaaa", "2024-03-31-bbbb"

SCORES = [
    ("c1", 0.9, 0.1, None, "none", 0.5, 0, 1, OLD, BEFORE, BEFORE),
    ("c2", 0.5, 0.5, None, "none", 0.5, 0, 2, OLD, BEFORE, BEFORE),
    ("c1", 0.95, 0.05, 0.2, "purchase", 0.5, 0, 3, NEW, TONIGHT, TONIGHT),
    ("c2", 0.5, 0.5, None, "none", 0.5, 0, 2, OLD, BEFORE, TONIGHT),
    ("c3", 1.0, None, 0.2, "purchase", 0.5, 0, 4, NEW, TONIGHT, TONIGHT),
]
RECOMMENDED = [
    ("c1", 1, "i1", 3.0, NEW, TONIGHT, TONIGHT),
    ("c1", 2, "i2", 2.0, NEW, TONIGHT, TONIGHT),
    ("c2", 1, "i1", 1.5, OLD, BEFORE, TONIGHT),
    ("c2", 1, "i1", 1.5, OLD, BEFORE, BEFORE),
    ("c1", 1, "i2", 5.0, OLD, BEFORE, BEFORE),
]
ITEM_ROWS = [
    (item, title, category, *[None] * 6, known_from, known_from)
    for item, title, category, known_from in (
        ("i1", "Old name", "Tea", date(2024, 1, 1)),
        ("i1", "Green <tea> & cups", "Tea", BEFORE),
        ("i1", "A name of tomorrow", "Tea", date(2024, 4, 1)),
        ("i2", None, "Coffee", date(2024, 1, 1)),
    )
]
MEASURED = [
    ("challenger", NEW, "purchase", "auc", 0.81, 0.79, 0.83, 1234, "all", TONIGHT),
    ("challenger", NEW, "purchase", "log_loss", 0.41, 0.39, 0.43, 1234, "all", TONIGHT),
    ("recency_rule", "baseline", "purchase", "auc", 0.76, 0.74, 0.78, 1234, "all", TONIGHT),
    (
        POPULAR,
        "baseline",
        "next_item",
        "ndcg10",
        0.02,
        0.01,
        0.03,
        1100,
        "all",
        TONIGHT,
    ),
    ("challenger", NEW, "next_item", "ndcg10", 0.05, 0.04, 0.06, 1100, "all", TONIGHT),
    ("challenger", OLD, "purchase", "auc", 0.5, 0.4, 0.6, 9, "all", date(2024, 3, 24)),
    ("challenger", NEW, "purchase", "auc", 0.7, 0.6, 0.8, 99, "new", TONIGHT),
]
QUALITY = [
    (TONIGHT, "events", "kept", 12_345, 0.99),
    (TONIGHT, "events", "repeated_event", 7, 0.000561),
]
REFUSED = [(TONIGHT, "events", "price_out_of_bounds", "shop", "f.csv", "{}")] * 3


def _logged(run: str, stage: str, table: str, written: int, detail: str | None) -> tuple[Any, ...]:
    sequence = {"run1": 0, "run2": 10}[run] + (1 if table != "stage" else 2)
    seconds = 90.0 if table == "stage" else 0.0
    outcome = "skipped" if detail else "ok"
    at = datetime(2024, 4, 1, 2, sequence, tzinfo=UTC)
    return (run, TONIGHT, stage, sequence, table, 20, written, 4, seconds, outcome, detail, at)


LOGGED = [
    _logged("run1", "score", "customer_scores", 999, None),
    _logged("run1", "promote", "stage", 0, "refused: it was no better"),
    _logged("run2", "score", "customer_scores", 3_000, None),
    _logged("run2", "score", "stage", 3_000, None),
]


@pytest.fixture(scope="session")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("lake")
    lake = Lake(spark, str(root / "lake"), str(root / "landing"), "run1", TONIGHT)
    # One table through our own door, so that what Spark commits is what DuckDB reads.
    scores = local_frame(spark, SCORES, CUSTOMER_SCORES.schema).coalesce(1)
    lake.publish(scores, CUSTOMER_SCORES, where="true")
    _publish(lake, RECOMMENDED, RECOMMENDATIONS)
    _publish(lake, ITEM_ROWS, ITEMS)
    _publish(lake, MEASURED, EVALUATION)
    _publish(lake, QUALITY, DATA_QUALITY)
    _publish(lake, REFUSED, QUARANTINE)
    _publish(lake, [], SESSIONS)
    _publish(lake, LOGGED, RUN_LOG)
    lake.begin_stage()
    return lake


@pytest.fixture
def empty_lake(spark: SparkSession, tmp_path: Path) -> Lake:
    return Lake(spark, str(tmp_path / "lake"), str(tmp_path / "landing"), "run1", TONIGHT)


def _publish(lake: Lake, rows: list[tuple[Any, ...]], table: Table) -> None:
    """Without Spark: a commit takes milliseconds rather than seconds."""
    schema = to_arrow_schema(table.schema)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(schema)
    arrays = [pa.array(column, entry.type) for column, entry in zip(columns, schema, strict=True)]
    write_deltalake(
        lake.path(table),
        pa.Table.from_arrays(arrays, schema=schema),
        partition_by=list(table.partition_by) or None,
    )
