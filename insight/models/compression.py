"""Weights in fewer bytes: half precision, eight bits, and the smallest of them left out.

Only matrices are made smaller: biases and scales are few. Whoever loads weights gets float32.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from insight.models.arrays import Array

Form = Literal["float16", "int8"]

_SCALE = "::scale"
_LARGEST = 127


def compressed(
    weights: Mapping[str, Array], form: Form, *, pruned_share: float = 0.0
) -> dict[str, Array]:
    """The same weights in fewer bytes, to be read by ``restored``.

    Eight bits are symmetric about 0, from -127 to 127, with a scale per row of a matrix, which
    for an embedding is a scale per item; columns stay whole, a scale would take more than it saves.

    Args:
        weights: float32, finite, by name.
        form: What the matrices become.
        pruned_share: Of each matrix so large a share, the smallest, becomes 0 (magnitude
            pruning, Han et al. 2015). Zeros pack well; nothing is computed faster.
    """
    found: dict[str, Array] = {}
    for name, given in weights.items():
        if given.ndim < 2 or given.shape[-1] == 1:
            found[name] = given
            continue
        matrix = _pruned(given, pruned_share)
        if form == "float16":
            found[name] = matrix.astype(np.float16)
        else:
            largest = np.abs(matrix).max(axis=-1, keepdims=True)
            scale = np.where(largest > 0, largest / _LARGEST, 1.0).astype(np.float32)
            found[name] = np.rint(matrix / scale).astype(np.int8)
            found[name + _SCALE] = scale
    return found


def restored(stored: Mapping[str, Array]) -> dict[str, Array]:
    """Weights as float32, whatever they were stored as; what is no weight stays as it is."""
    return {
        name: _restored(array, stored.get(name + _SCALE))
        for name, array in stored.items()
        if not name.endswith(_SCALE)
    }


def _restored(array: Array, scale: Array | None) -> Array:
    if scale is not None:
        return array.astype(np.float32) * scale
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _pruned(matrix: Array, share: float) -> Array:
    count = int(share * matrix.size)
    if count == 0:
        return matrix
    threshold = np.partition(np.abs(matrix), count - 1, axis=None)[count - 1]
    return np.where(np.abs(matrix) > threshold, matrix, np.float32(0))
