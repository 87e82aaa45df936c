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
            item = pa.struct([("rank", pa.int32()), ("item_id", "string"), ("score", "double")])
            best = [{"rank": 1, "item_id": "tea", "score": 1.0}]
            yield pa.RecordBatch.from_pydict(
                {
                    "customer_id": [row["customer_id"] for row in rows],
                    "purchase_probability": [0.5] * len(rows),
                    "churn_probability": [0.5] * len(rows),
                    # So many campaigns had the customer been shown.
                    "campaign_probability": [row["campaign_context"][1] for row in rows],
                    "next_action": ["none"] * len(rows),
                    "next_action_probability": [0.5] * len(rows),
                    "unknown_item_count": pa.array(
                        [len(row["events"] or []) for row in rows], pa.int32()
                    ),
                    "items": pa.array([best] * len(rows), pa.list_(item)),
                }
            )

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
    assert {row["campaign_probability"] for row in scored} == {0.0}
