"""How much an encoder listens to what was counted."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from insight.models.arrays import NEVER, Floats

FILE = "blend.json"


@dataclass(frozen=True)
class Blend:
    """How much an encoder's logits gain by co-occurrence: weight * log(1 + strength / floor).

    A product of two opinions (Genest and Zidek 1986, "Combining probability distributions",
    logarithmic pooling), where a floor keeps what was never met together from being impossible.
    """

    weight: float
    floor: float

    def logits(self, logits: Floats, strengths: sparse.csr_matrix) -> Floats:
        """Both opinions as logits, shape (rows, vocabulary); what is ``NEVER`` stays so."""
        return np.where(
            logits > NEVER / 2, logits + self.gains(strengths).toarray(), np.float32(NEVER)
        )

    def gains(self, strengths: sparse.csr_matrix) -> sparse.csr_matrix:
        """What logits gain by the counted strengths, shape (rows, vocabulary)."""
        gains = strengths.copy()
        gains.data = self.weight * np.log1p(gains.data / self.floor)
        return gains

    def save(self, folder: Path) -> None:
        """Write ``blend.json``."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: Path) -> "Blend":
        return cls(**json.loads((folder / FILE).read_text()))


ALONE = Blend(weight=0.0, floor=1.0)
"""Nothing was counted, or it did not help."""
