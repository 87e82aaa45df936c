"""Weights as plain arrays in one file. Never HDF5: such a file can run code when it is read."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from insight.errors import ModelDamagedError
from insight.models.arrays import Array
from insight.models.compression import restored

FILE = "weights.npz"


def save_weights(
    folder: Path, weights: Mapping[str, Array], *, file: str = FILE, packed: bool = False
) -> None:
    """Write ``weights.npz``, or other arrays under a name of their own; packed, if they repeat."""
    with (folder / file).open("wb") as opened:
        (np.savez_compressed if packed else np.savez)(opened, **weights)


def load_weights(folder: Path, *, file: str = FILE) -> dict[str, Array]:
    """Read what ``save_weights`` wrote, as float32 if it was compressed; nothing in it can run.

    Raises:
        ModelDamagedError: The file is not such an archive, or holds pickled objects.
    """
    try:
        with np.load(folder / file, allow_pickle=False) as archive:
            return restored({name: archive[name] for name in archive.files})
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise ModelDamagedError(
            f"model weights {folder / file}",
            found=f"an unreadable file ({error})",
            expected="an archive of plain arrays",
            next_step="verify the version against its manifest, or roll back to another",
        ) from error
