"""Between Arrow's lists of one length and matrices."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def matrix(column: pa.Array) -> npt.NDArray[Any]:
    """A column of lists of one length, as an array of shape (rows, length)."""
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return np.asarray(flat.reshape(len(column), -1))


def lists(rows: npt.NDArray[Any], kind: pa.DataType) -> pa.ListArray:
    """A column of lists of an element type, from an array of shape (rows, length)."""
    count, width = rows.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(rows.reshape(-1), type=kind))
