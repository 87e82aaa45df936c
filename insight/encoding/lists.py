"""Matrices as Arrow columns of lists, for rows that cross to Spark."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def to_lists(matrix: npt.NDArray[Any], kind: pa.DataType) -> pa.ListArray:
    """A row's numbers as one list each.

    Args:
        matrix: Shape (rows, length).
        kind: The numbers' type in Arrow.
    """
    rows, width = matrix.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(matrix.reshape(-1), type=kind))
