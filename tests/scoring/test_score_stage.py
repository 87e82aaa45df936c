"""The score stage on a lake in memory, with a model that only counts."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql.types import StringType

from insight.scoring import stage
from insight.tables import CUSTOMER_FEATURES, CUSTOMER_SCORES, CUSTOMER_SEQUENCES
from tests.memory_lake import MemoryLake

NIGHT = date(2024, 3, 31)


def _counting(*_: object) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Instead of a model: says how many events it was shown."""

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = batch.to_pylist()
            said = [
                {
                    "customer_id": row["customer_id"],
                    "purchase_probability": 0.5,
                    "churn_probability": 0.5,
                    "unknown_item_count": len(row["events"] or []),
                    "items": [{"rank": 1, "item_id": "tea", "score": 1.0}],
                }
                for row in rows
            ]
            item = pa.struct([("rank", pa.int32()), ("item_id", "string"), ("score", "double")])
            columns = [pa.array([row[name] for row in said]) for name in list(said[0])[:3]]
            counts = pa.array([row["unknown_item_count"] for row in said], pa.int32())
            lists = pa.array([row["items"] for row in said], pa.list_(item))
            yield pa.RecordBatch.from_arrays([*columns, counts, lists], list(said[0]))

    return score


def _features(customer: str, days_since_last_event: int) -> Row:
    values = {
        field.name: None if field.nullable else "" if field.dataType == StringType() else 0
        for field in CUSTOMER_FEATURES.schema
    }
    known = {"customer_id": customer, "days_since_last_event": days_since_last_event}
    return Row(**{**values, **known, "feature_date": NIGHT})


def test_who_has_only_searched_is_scored_too(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = SimpleNamespace(version="v1", folder=None)
    registry = SimpleNamespace(champion_or_none=lambda _: champion)
    monkeypatch.setattr(stage, "Registry", lambda _: registry)
    monkeypatch.setattr(stage, "ship", lambda *_: SimpleNamespace(unpersist=lambda: None))
    monkeypatch.setattr(stage, "_scoring", _counting)
    lake = MemoryLake(spark)
    event = (datetime(2024, 3, 30, tzinfo=UTC), 1, "tea", "view", 1.0)
    lake.rows = {
        CUSTOMER_FEATURES.name: [_features("viewer", 1), _features("searcher", 0)],
        CUSTOMER_SEQUENCES.name: [Row("viewer", [event], 1, NIGHT)],
    }
    assert stage.score(lake.run_for(NIGHT)) is None
    scored = lake.read(CUSTOMER_SCORES).collect()
    counts = {row["customer_id"]: row["unknown_item_count"] for row in scored}
    assert counts == {"viewer": 1, "searcher": 0}
