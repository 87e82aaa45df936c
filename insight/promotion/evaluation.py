"""What every contender says about the test rows, worked out in the executors.

Features and sequences stay there; a few numbers per test row come back.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame

from insight.metrics.arrays import Floats
from insight.metrics.ranking import MISSED, target_ranks, top_items
from insight.promotion.contenders import LIST_LENGTH, Contender
from insight.promotion.inputs import INPUT_COLUMNS, Inputs, model_inputs
from insight.promotion.translation import Translation

KEY = ["customer_id", "cutoff_at"]

_SCHEMA = (
    "customer_id string, cutoff_at bigint, purchase double, churn double, target_rank double, "
    "top_items array<bigint>"
)
_SCORES_AT_ONCE = 8_000_000
"""Item scores held in memory at once: 32 MB."""


class Scorer(Protocol):
    """A loaded model (``insight.models.predictor.Predictor``)."""

    def predict(self, inputs: Inputs) -> Any:
        """With ``purchase`` and ``churn``: calibrated probabilities, each of shape (rows,)."""

    def item_scores(self, predictions: Any, rows: slice) -> Floats:
        """Of the whole catalogue for a block of rows, shape (block, vocabulary)."""


@dataclass(frozen=True)
class Candidate:
    """A model to be evaluated.

    Args:
        name: challenger or champion.
        version: Registry version.
        load: Loads it; called once per executor task.
        translation: From tonight's encoding to the model's.
    """

    name: str
    version: str
    load: Callable[[], Scorer]
    translation: Translation


def model_contender(candidate: Candidate, test: DataFrame) -> Contender:
    """Run a model over the test rows.

    Args:
        candidate: The model.
        test: Test examples.
    """
    asked = test.select(*KEY, "next_item", *INPUT_COLUMNS)
    answers = asked.mapInArrow(_answering(candidate), _SCHEMA)
    rows = in_order(answers.toPandas())
    return Contender(
        candidate.name,
        candidate.version,
        probabilities={task: rows[task].to_numpy() for task in ("purchase", "churn")},
        ranks=rows["target_rank"].to_numpy(),
        lists=np.array(rows["top_items"].to_list(), np.int64).reshape(len(rows), LIST_LENGTH),
    )


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """The order in which every contender's answers and the labels stand beside each other."""
    return rows.sort_values(KEY, ignore_index=True)


def _answering(
    candidate: Candidate,
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def answer(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer: Scorer | None = None
        for batch in batches:
            # A task without rows is not worth the seconds that loading takes.
            scorer = scorer or candidate.load()
            yield _answered(batch, scorer, candidate.translation)

    return answer


def _answered(batch: pa.RecordBatch, scorer: Scorer, translation: Translation) -> pa.RecordBatch:
    inputs = translation.inputs(model_inputs(batch))
    prediction = scorer.predict(inputs)
    # An item that the model does not know becomes "unknown", which is never found.
    targets = translation.item_index[np.asarray(batch.column("next_item"))]
    ranks = np.full(len(targets), MISSED)
    lists = np.zeros((len(targets), LIST_LENGTH), dtype=np.int64)
    block = max(1, _SCORES_AT_ONCE // translation.size)
    for first in range(0, len(targets), block):
        rows = slice(first, first + block)
        scores = scorer.item_scores(prediction, rows)
        ranks[rows] = target_ranks(scores, targets[rows])
        lists[rows] = translation.tonight_index[top_items(scores, LIST_LENGTH)]
    columns = [
        *(batch.column(name) for name in KEY),
        *(
            pa.array(np.asarray(said, np.float64))
            for said in (prediction.purchase, prediction.churn)
        ),
        pa.array(ranks),
        pa.array(list(lists)),
    ]
    names = [*KEY, "purchase", "churn", "target_rank", "top_items"]
    return pa.RecordBatch.from_arrays(columns, names)
