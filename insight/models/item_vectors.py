"""What items' words and pictures say, beside a model's weights: made elsewhere, and constant."""

from pathlib import Path

from insight.models.arrays import Floats
from insight.models.weight_file import load_weights, save_weights

FILE = "item_vectors.npz"
_NAME = "vectors"


def save_vectors(folder: Path, vectors: Floats) -> None:
    """Write ``item_vectors.npz``.

    Args:
        folder: Of the version: all its encoders read the same.
        vectors: Of every item index, zeros where there is none; (vocabulary_size, vector_width).
    """
    save_weights(folder, {_NAME: vectors}, file=FILE)


def load_vectors_or_none(folder: Path) -> Floats | None:
    """Read them, where a version has them.

    Raises:
        ModelDamagedError: The file is no archive of plain arrays.
    """
    if not (folder / FILE).is_file():
        return None
    return load_weights(folder, file=FILE).get(_NAME)
