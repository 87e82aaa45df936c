"""Weights as plain arrays in one file. Never HDF5: such a file can run code when it is read."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from insight.errors import ModelDamagedError
from insight.models.arrays import Array

FILE = "weights.npz"


def save_weights(folder: Path, weights: Mapping[str, Array]) -> None:
    """Write ``weights.npz``."""
    with (folder / FILE).open("wb") as file:
        np.savez(file, **weights)


def load_weights(folder: Path) -> dict[str, Array]:
    """Read ``weights.npz``; nothing in it can run.

    Raises:
        ModelDamagedError: The file is not such an archive, or holds pickled objects.
    """
    try:
        with np.load(folder / FILE, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ModelDamagedError(
            f"model weights {folder / FILE}",
            found=f"an unreadable file ({error})",
            expected="an archive of plain arrays",
            next_step="verify the version against its manifest, or roll back to another",
        ) from error
