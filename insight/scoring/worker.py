"""What a worker does with a batch of customers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from insight.encoding.arrays import matrix
from insight.encoding.features import FeatureStatistics, Floats
from insight.encoding.sequences import encode_sequences
from insight.encoding.tasks import NEXT_ACTIONS
from insight.encoding.vocabulary import FIRST_KNOWN, PADDING, UNKNOWN, Indices, Vocabulary
from insight.models.predictor import Predictor


@dataclass(frozen=True)
class LoadedModel:
    """A predictor with the encodings it was trained with."""

    predictor: Predictor
    vocabulary: Vocabulary
    statistics: FeatureStatistics


def load_model(folder: Path) -> LoadedModel:
    """From a verified model folder."""
    return LoadedModel(
        Predictor.load(folder), Vocabulary.load(folder), FeatureStatistics.load(folder)
    )


def score_batch(
    batch: pa.RecordBatch, model: LoadedModel, *, top_k: int, recommend_seen: bool
) -> pa.RecordBatch:
    """Probabilities and the best items of each customer of a batch.

    Args:
        batch: ``customer_id``, ``events``, ``campaign_context``, ``state_hash``, the customer
            features and, unless ``recommend_seen``, ``seen_items`` (null for none).
        model: What to score with.
        top_k: Items per customer.
        recommend_seen: Whether seen items may be among them.

    Returns:
        ``customer_id``, a ``<task>_probability`` each (null where nothing was learned),
        ``next_action``, ``next_action_probability``, ``unknown_item_count``, ``state_hash`` and
        ``items``, a list of ``(rank, item_id, score)``, best first.
    """
    names = batch.schema.names
    events = batch.column(names.index("events"))
    length = model.predictor.shape.sequence_length
    inputs: dict[str, npt.NDArray[Any]] = dict(
        encode_sequences(events, model.vocabulary, length=length)
    )
    inputs["features"] = model.statistics.normalise(batch)
    inputs["campaign_context"] = matrix(batch.column(names.index("campaign_context")))
    predictions = model.predictor.predict(inputs)
    seen = None if recommend_seen else _indices(batch["seen_items"], model.vocabulary)
    indices, scores = model.predictor.top_items(predictions, top_k, seen=seen)
    likeliest = predictions.next_action.argmax(axis=1)
    unknown = (inputs["item_indices"] == UNKNOWN).sum(axis=1)
    return pa.RecordBatch.from_pydict(
        {
            "customer_id": batch.column(names.index("customer_id")),
            **{
                f"{task}_probability": pa.array(said.astype(np.float64), mask=np.isnan(said))
                for task, said in predictions.yes_no.items()
            },
            "next_action": pa.array([NEXT_ACTIONS[i] for i in likeliest]),
            "next_action_probability": pa.array(
                predictions.next_action.max(axis=1).astype(np.float64)
            ),
            "unknown_item_count": pa.array(unknown.astype(np.int32)),
            "state_hash": batch.column(names.index("state_hash")),
            "items": _ranked(indices, scores, model.vocabulary),
        }
    )


def _indices(items: pa.ListArray, vocabulary: Vocabulary) -> Indices:
    """Indices of each row's items, padded with 0; shape (rows, most items of a row)."""
    counts = np.asarray(pc.fill_null(pc.list_value_length(items), 0), dtype=np.int64)
    padded = np.full((len(items), int(counts.max(initial=0))), PADDING, dtype=np.int64)
    padded[np.arange(padded.shape[1]) < counts[:, None]] = vocabulary.encode(items.flatten())
    return padded


def _ranked(indices: Indices, scores: Floats, vocabulary: Vocabulary) -> pa.ListArray:
    # What may never be recommended scores far below everything: a short catalogue gives
    # shorter lists, not padding or items already seen.
    real = (indices >= FIRST_KNOWN) & (scores > -1e8)
    counts = real.sum(axis=1)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    ranks = np.concatenate([np.arange(1, n + 1) for n in counts] or [np.empty(0)])
    known = np.where(real, indices, PADDING)[real]
    structs = pa.StructArray.from_arrays(
        [
            pa.array(ranks.astype(np.int32)),
            vocabulary.decode(known),
            pa.array(scores[real].astype(np.float64)),
        ],
        names=["rank", "item_id", "score"],
    )
    return pa.ListArray.from_arrays(pa.array(offsets), structs)
