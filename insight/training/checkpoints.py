"""What a training was when an epoch ended, kept so that the next run of it goes on from there."""

import io
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from zipfile import BadZipFile

import numpy as np

from insight.logs import logger
from insight.models.arrays import Array
from insight.training.files import opened

log = logger(__name__)

_FACTS = "facts"


class Checkpoint(NamedTuple):
    """One training's state.

    Args:
        arrays: By name.
        facts: What JSON can hold.
    """

    arrays: Mapping[str, Array]
    facts: Mapping[str, Any]


def save_checkpoint(url: str, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint, whole or not at all.

    Args:
        url: Of the file, on any storage that the ranks can open.
        checkpoint: What to keep.
    """
    facts = np.frombuffer(json.dumps(checkpoint.facts).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **checkpoint.arrays, **{_FACTS: facts})
    storage, path = opened(url)
    storage.create_dir(path.rpartition("/")[0], recursive=True)
    # A name of its own: a rank that was forgotten may still write.
    part = f"{path}.{uuid.uuid4().hex}.part"
    try:
        with storage.open_output_stream(part) as stream:
            stream.write(buffer.getbuffer())
        storage.move(part, path)
    except Exception:
        # On a full disk half a checkpoint takes the room of the next one.
        with suppress(OSError):
            storage.delete_file(part)
        raise


def load_checkpoint(url: str) -> Checkpoint | None:
    """The checkpoint; None where there is none, or none that can be read."""
    storage, path = opened(url)
    try:
        with storage.open_input_stream(path) as stream:
            content = stream.read()
    except FileNotFoundError:
        return None
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        facts = json.loads(arrays.pop(_FACTS).tobytes())
    except (ValueError, KeyError, EOFError, BadZipFile) as error:
        # Training anew costs time; ending the night for it would cost the night.
        log.warning("a checkpoint that cannot be read: training anew", file=url, why=str(error))
        return None
    return Checkpoint(arrays, facts)


def drop_checkpoints(folder: str) -> None:
    """Remove all below a folder; nothing where there is none."""
    storage, path = opened(folder)
    storage.delete_dir_contents(path, missing_dir_ok=True)
