"""How a training went: losses and validation metrics of every epoch of one encoder."""

import json
from collections.abc import Sequence
from pathlib import Path

Epoch = dict[str, float]

FILE = "history.json"
_OF_THE_MACHINE = frozenset({"examples_per_second"})


def save_history(folder: Path, history: Sequence[Epoch]) -> None:
    """Write ``history.json``, without what another run of the same training had otherwise."""
    kept = [{name: each[name] for name in each if name not in _OF_THE_MACHINE} for each in history]
    (folder / FILE).write_text(json.dumps(kept, indent=1))


def load_history(folder: Path) -> list[Epoch]:
    """The epochs in order; none where a version is of the time before they were kept."""
    path = folder / FILE
    return list(json.loads(path.read_text())) if path.is_file() else []
