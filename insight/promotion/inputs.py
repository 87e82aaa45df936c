"""Examples as the arrays that a model takes."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from insight.encoding.arrays import matrix
from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.tasks import read_by
from insight.metrics.arrays import Doubles

INPUT_COLUMNS = (*SEQUENCE_INPUTS, "features", "campaign_context")

KEY = ["customer_id", "cutoff_at", "campaign_id"]
"""Names a row of tonight's examples."""

Array = npt.NDArray[np.generic]
Inputs = dict[str, Array]


def model_inputs(batch: pa.RecordBatch) -> Inputs:
    """The model's inputs of a batch: int64 sequences (rows, length), float32 features."""
    return {name: matrix(batch.column(name)) for name in INPUT_COLUMNS}


def design_of(task: str, rows: pa.RecordBatch | pa.Table) -> Doubles:
    """What a linear rule reads, side by side; shape (rows, width)."""
    return np.hstack([matrix(_whole(rows[name])) for name in read_by(task)]).astype(np.float64)


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
