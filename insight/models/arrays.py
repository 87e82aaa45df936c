"""Names for the arrays that go in and out of models."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
"""Of any type."""

NEVER = -1e9
"""Score of what may not be recommended."""

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
