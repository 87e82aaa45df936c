"""Names for the arrays that metrics take."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
"""Real numbers of any precision."""

Integers = NDArray[np.integer[Any]]
"""Whole numbers of any size."""

Indices = NDArray[np.int64]
Doubles = NDArray[np.float64]
Booleans = NDArray[np.bool_]
