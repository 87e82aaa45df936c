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

from insight.encoding.tasks import YES_NO_TASKS
from insight.metrics.arrays import Floats
from insight.metrics.ranking import MISSED, refuse_sample, target_ranks, top_items
from insight.promotion.contenders import LIST_LENGTH, Contender
from insight.promotion.inputs import INPUT_COLUMNS, KEY, Inputs, model_inputs
from insight.promotion.translation import Translation

_SAID = ", ".join(f"{task} double" for task in YES_NO_TASKS)
_SCHEMA = (
    "customer_id string, cutoff_at bigint, campaign_id string, "
    f"{_SAID}, next_action array<double>, target_rank double, top_items array<bigint>"
)
_SCORES_AT_ONCE = 8_000_000
"""Item scores held in memory at once: 32 MB."""


class Scorer(Protocol):
    """A loaded model (``insight.models.predictor.Predictor``)."""

    def predict(self, inputs: Inputs) -> Any:
        """With ``yes_no`` and ``next_action`` (``insight.models.predictor.Predictions``)."""

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


def model_contender(
    candidate: Candidate, test: DataFrame, list_length: int = LIST_LENGTH
) -> Contender:
    """Run a model over the test rows.

    Args:
        candidate: The model.
        test: Test examples.
        list_length: How many items it recommends.
    """
    asked = test.select(*KEY, "next_item", *INPUT_COLUMNS)
    answers = asked.mapInArrow(_answering(candidate, list_length), _SCHEMA)
    rows = in_order(answers.toPandas())
    return Contender(
        candidate.name,
        candidate.version,
        # A task that the model never had a label of has no numbers.
        {task: rows[task].to_numpy() for task in YES_NO_TASKS if rows[task].notna().all()},
        ranks=rows["target_rank"].to_numpy(),
        actions=np.stack(rows["next_action"].to_list()),
        lists=np.array(rows["top_items"].to_list(), np.int64).reshape(len(rows), list_length),
    )


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """The order in which every contender's answers and the labels stand beside each other."""
    return rows.sort_values(KEY, ignore_index=True)


def _answering(
    candidate: Candidate, list_length: int
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def answer(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer: Scorer | None = None
        for batch in batches:
            # A task without rows is not worth the seconds that loading takes.
            scorer = scorer or candidate.load()
            yield _answered(batch, scorer, candidate.translation, list_length)

    return answer


def _answered(
    batch: pa.RecordBatch, scorer: Scorer, translation: Translation, list_length: int
) -> pa.RecordBatch:
    inputs = translation.inputs(model_inputs(batch))
    prediction = scorer.predict(inputs)
    # An item that the model does not know becomes "unknown", which is never found.
    targets = translation.item_index[np.asarray(batch.column("next_item"))]
    ranks = np.full(len(targets), MISSED)
    lists = np.zeros((len(targets), list_length), dtype=np.int64)
    tonight_index = translation.tonight_index
    block = max(1, _SCORES_AT_ONCE // translation.size)
    for first in range(0, len(targets), block):
        rows = slice(first, first + block)
        scores = scorer.item_scores(prediction, rows)
        refuse_sample(scores, catalogue=translation.size)
        ranks[rows] = target_ranks(scores, targets[rows])
        lists[rows] = tonight_index[top_items(scores, list_length)]
    columns = {
        **{name: batch.column(name) for name in KEY},
        **{task: prediction.yes_no[task].astype(np.float64) for task in YES_NO_TASKS},
        "next_action": pa.array(list(prediction.next_action.astype(np.float64))),
        "target_rank": ranks,
        "top_items": pa.array(list(lists)),
    }
    return pa.RecordBatch.from_pydict(columns)
