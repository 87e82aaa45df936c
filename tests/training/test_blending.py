import numpy as np
from scipy import sparse

from insight.models.arrays import NEVER
from insight.models.blend import ALONE
from insight.models.cooccurrence import CoOccurrence, PairWeights
from insight.training.blending import Scored, choose_blend
from insight.training.group import SoloGroup

SIZE = 40


def _scored(logits: np.ndarray) -> list[Scored]:
    """Rows whose customer had item 2 and then wanted item 30."""
    rows = len(logits)
    return [Scored(logits, np.full((rows, 3), 2), np.full(rows, 30))]


def _counted(neighbour: int) -> CoOccurrence:
    weights = sparse.csr_matrix(([1.0], ([2], [neighbour])), shape=(SIZE, SIZE))
    return CoOccurrence(weights, PairWeights())


def _logits(rows: int = 20) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(rows, SIZE)).astype(np.float32)


def test_what_was_counted_is_heard_where_it_is_right():
    assert choose_blend(_scored(_logits()), _counted(30), SoloGroup()).weight > 0


def test_what_was_counted_is_not_heard_where_it_is_wrong():
    assert choose_blend(_scored(_logits()), _counted(31), SoloGroup()) == ALONE


def test_what_is_never_recommended_stays_so():
    logits = _logits()
    logits[:, 30] = NEVER
    assert choose_blend(_scored(logits), _counted(30), SoloGroup()) == ALONE


def test_without_pairs_there_is_nothing_to_hear():
    nothing = CoOccurrence(sparse.csr_matrix((SIZE, SIZE)), PairWeights())
    assert choose_blend(_scored(_logits()), nothing, SoloGroup()) == ALONE
