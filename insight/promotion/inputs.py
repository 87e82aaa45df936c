"""Examples as the arrays that a model takes."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from insight.encoding.sequences import SEQUENCE_INPUTS

INPUT_COLUMNS = (*SEQUENCE_INPUTS, "features")

Array = npt.NDArray[np.generic]
Inputs = dict[str, Array]


def matrix(column: pa.Array) -> Array:
    """A column of lists of one length, as an array of shape (rows, length)."""
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat.reshape(len(column), -1))


def model_inputs(batch: pa.RecordBatch) -> Inputs:
    """The model's inputs of a batch: int64 sequences (rows, length), float32 features."""
    return {name: matrix(batch.column(name)) for name in INPUT_COLUMNS}
