"""A lake in memory of two customers, with a champion and a model that only counts."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql.types import DataType, DoubleType, LongType, StringType

from insight.encoding.features import FEATURES, NULLABLE, FeatureStatistics, transform_of
from insight.registry.trail import Decision
from insight.scoring import stage
from insight.tables import CUSTOMER_FEATURES, CUSTOMER_SEQUENCES
from tests.memory_lake import MemoryLake

NIGHT = date(2024, 3, 31)


def _counting(*_: object) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Instead of a model: says how many events it was shown."""

    def unseen(best: list[dict[str, object]], row: dict[str, Any]) -> list[dict[str, object]]:
        """Leave out the row's seen items, if it has such a column."""
        return [item for item in best if item["item_id"] not in (row.get("seen_items") or ())]

    # A worker imports no conftest: what the scorer calls travels with it.
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
                    "state_hash": [row["state_hash"] for row in rows],
                    "items": pa.array([unseen(best, row) for row in rows], pa.list_(item)),
                }
            )

    return score


def placing(*_: object) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Instead of a model: the purchase probability is the place in a batch of 100 at most."""

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for scored in counting(batches):
            columns = dict(zip(scored.schema.names, scored.columns, strict=True))
            columns["purchase_probability"] = pa.array([n / 100 for n in range(len(scored))])
            yield pa.RecordBatch.from_pydict(columns)

    counting = _counting()
    return score


_NOTHING: dict[DataType, object] = {StringType(): "", LongType(): 0, DoubleType(): 0.0}


def features_of(customer: str, night: date = NIGHT, **known: object) -> Row:
    """A row of customer_features: nothing is known but what is given."""
    values = {
        field.name: None if field.nullable else _NOTHING.get(field.dataType)
        for field in CUSTOMER_FEATURES.schema
    }
    return Row(**{**values, "customer_id": customer, **known, "feature_date": night})


def sequence_of(customer: str, night: date = NIGHT, *, item: str = "tea") -> Row:
    """A row of customer_sequences: one event."""
    return Row(customer, [(datetime(2024, 3, 30, tzinfo=UTC), 1, item, "view", 1.0)], 1, night)


@dataclass
class Champion:
    """What the registry answers."""

    folder: Path
    version: str = "v1"
    trail: list[Decision] = field(default_factory=list)

    def champion_or_none(self, _: date) -> "Champion":
        return self

    def decisions(self) -> list[Decision]:
        return self.trail


def champion_in(folder: Path) -> Champion:
    """A champion of today's features."""
    width = len(FEATURES)
    FeatureStatistics(
        FEATURES,
        tuple(transform_of(name) for name in FEATURES),
        (0.0,) * width,
        (1.0,) * width,
        tuple(name in NULLABLE for name in FEATURES),
    ).save(folder)
    return Champion(folder)


def lake_of(spark: SparkSession, champion: Champion, patch: pytest.MonkeyPatch) -> MemoryLake:
    """Three customers, of whom only the viewer has a sequence."""
    patch.setattr(stage, "Registry", lambda _: champion)
    patch.setattr(stage, "ship", lambda *_: SimpleNamespace(unpersist=lambda: None))
    # A manifest has tests of its own; here the folder is taken as it is.
    patch.setattr(stage, "verified_copy", nullcontext)
    patch.setattr(stage, "scorer_of", _counting)
    lake = MemoryLake(spark)
    lake.rows = {
        CUSTOMER_FEATURES.name: [
            features_of("viewer", days_since_last_event=1),
            features_of("searcher", days_since_last_event=0),
            features_of("sharer", category_share=0.5),
        ],
        CUSTOMER_SEQUENCES.name: [sequence_of("viewer")],
    }
    return lake


@pytest.fixture
def champion(tmp_path: Path) -> Champion:
    return champion_in(tmp_path)


@pytest.fixture
def lake(spark: SparkSession, monkeypatch: pytest.MonkeyPatch, champion: Champion) -> MemoryLake:
    return lake_of(spark, champion, monkeypatch)
