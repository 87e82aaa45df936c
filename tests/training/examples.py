"""Small training examples, as Parquet files like those under a Delta table."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from insight.encoding.sequences import GAP_COUNT, PRICE_COUNT, TYPE_COUNT
from insight.encoding.tasks import CONTEXT_WIDTH, NEXT_ACTIONS
from insight.models.shape import ModelShape
from insight.settings import TrainingSettings
from insight.training.plan import TrainingPlan

LENGTH, ENCODER_LENGTH, WIDTH, ITEMS = 6, 5, 3, 20


def example_columns(rows: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Random rows, every other about a campaign.

    The purchase label follows the first feature, the next item the last one.
    """
    random = np.random.default_rng(seed)
    lengths = random.integers(1, LENGTH + 1, rows)
    real = np.arange(LENGTH)[None] >= LENGTH - lengths[:, None]
    items = np.where(real, random.integers(2, ITEMS, (rows, LENGTH)), 0)
    features = random.normal(size=(rows, WIDTH)).astype(np.float32)
    ones = np.ones(rows, np.float32)
    return {
        "item_indices": items,
        "type_indices": np.where(real, random.integers(2, TYPE_COUNT, items.shape), 0),
        "gap_indices": np.where(real, random.integers(1, GAP_COUNT, items.shape), 0),
        "price_indices": np.where(real, random.integers(1, PRICE_COUNT, items.shape), 0),
        "features": features,
        "next_item": items[:, -1],
        "has_next_item": ones,
        "purchase": (features[:, 0] > 0).astype(np.float32),
        "has_purchase": ones,
        "churn": (features[:, 1] > 0).astype(np.float32),
        "has_churn": (features[:, 2] > 0).astype(np.float32),
        "campaign_context": random.normal(size=(rows, CONTEXT_WIDTH)).astype(np.float32),
        "campaign": (features[:, 1] > 0).astype(np.float32),
        "has_campaign": (np.arange(rows) % 2).astype(np.float32),
        "next_action": np.where(features[:, 0] > 0, NEXT_ACTIONS.index("purchase"), 0),
        "has_next_action": ones,
        "row_checksum": random.integers(-(2**63), 2**63 - 1, rows),
        "customer_id": np.array([f"c{i}" for i in range(rows)]),
        "cutoff_at": np.full(rows, 1_500_000_000),
        "campaign_id": np.full(rows, ""),
    }


def write_file(path: Path, columns: dict[str, np.ndarray]) -> str:
    """Write one file of one row group; returns its URL."""
    arrays = {
        name: pa.array(list(values)) if values.ndim == 2 else pa.array(values)
        for name, values in columns.items()
    }
    pq.write_table(pa.table(arrays), path)
    return path.as_uri()


def write_split(folder: Path, rows_per_file: list[int], *, seed: int = 0) -> tuple[str, ...]:
    """Files of random rows; returns their URLs."""
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(
        write_file(folder / f"part-{i}.parquet", example_columns(rows, seed=seed + i))
        for i, rows in enumerate(rows_per_file)
    )


def small_shape(**changes: object) -> ModelShape:
    sizes = {"width": 8, "heads": 2, "dropout": 0.0, "encoder_length": ENCODER_LENGTH, **changes}
    counts = {"vocabulary_size": ITEMS, "category_count": 4, "type_count": TYPE_COUNT}
    buckets = {"gap_count": GAP_COUNT, "price_count": PRICE_COUNT}
    inputs = {"feature_width": WIDTH, "sequence_length": LENGTH}
    return ModelShape(**{**counts, **buckets, **inputs, **sizes})


def small_categories() -> np.ndarray:
    return np.array([0, 1, *(2 + i % 2 for i in range(ITEMS - 2))])


def small_plan(
    train: tuple[str, ...], validation: tuple[str, ...], **settings: object
) -> TrainingPlan:
    wanted = {
        # Half as long to trace as a recurrent one; the stage's test trains that.
        "encoder": "transformer",
        "width": 8,
        "dropout": 0.0,
        "batch_size": 16,
        "max_epochs": 2,
        "negatives": 8,
        "target_positions": 4,
        "timeout_seconds": 300,
        "seed": 7,
        **settings,
    }
    checked = TrainingSettings.model_validate(wanted)
    return TrainingPlan(
        train_files=train,
        validation_files=validation,
        shape=small_shape(encoder=checked.encoder),
        settings=checked,
        category_of_item=small_categories(),
        item_counts=np.array([0, 0, *range(ITEMS - 2, 0, -1)]),
    )
