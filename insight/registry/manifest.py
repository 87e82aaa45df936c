"""The manifest: the hash of every file of a model version, and the facts about it."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from insight.errors import ModelDamagedError

FILE = "manifest.json"
REFUSED_SUFFIXES = frozenset({".h5", ".hdf5", ".keras", ".pkl", ".pickle", ".joblib"})
"""Formats that can run code when they are read."""

_NEXT_STEP = "do not load it; roll back to another version, or train anew"


def write_manifest(
    folder: Path,
    facts: Mapping[str, Any],
    metrics: Mapping[str, float],
    *,
    copied_from: Path | None = None,
) -> str:
    """Write ``manifest.json`` over the files of a folder.

    Args:
        folder: Where it is written.
        facts: About the version.
        metrics: That training measured.
        copied_from: The private folder that this one is a copy of: its files are listed, and what
            others may have changed in the copy since is then no file of the version.

    Returns:
        The manifest's own SHA-256, to be kept elsewhere.
    """
    _refuse_formats(folder)
    files = _hashes(copied_from or folder)
    content = {"facts": dict(facts), "metrics": dict(metrics), "files": files}
    text = json.dumps(content, indent=1, sort_keys=True)
    (folder / FILE).write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()


def place_version(
    folder: Path, prepared: Path, facts: Mapping[str, Any], metrics: Mapping[str, float]
) -> str:
    """Put a copy of a prepared folder, with its manifest, in a version's place.

    What lies there is replaced: it is damaged, or a run that died has never registered it.

    Args:
        folder: The version's place.
        prepared: The model's files; they stay as they are.
        facts: About the version.
        metrics: That training measured.

    Returns:
        The manifest's own SHA-256, to be kept elsewhere.
    """
    incoming = folder.with_name(f".incoming-{uuid.uuid4().hex}")
    try:
        shutil.copytree(prepared, incoming)
        manifest_hash = write_manifest(incoming, facts, metrics, copied_from=prepared)
        shutil.rmtree(folder, ignore_errors=True)
        incoming.rename(folder)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    return manifest_hash


def read_manifest(folder: Path, expected_hash: str) -> dict[str, Any]:
    """Verify every file of a model folder, and return its manifest.

    Args:
        folder: The model version's folder.
        expected_hash: SHA-256 of the manifest as the registry's database knows it.

    Raises:
        ModelDamagedError: The manifest is missing or another one; a file is missing, changed or
            not listed; or a file is of a format that can run code.
    """
    path = folder / FILE
    if not path.is_file():
        raise _damaged(folder, "no manifest", "a list of its files")
    _refuse_formats(folder)
    if file_hash(path) != expected_hash:
        raise _damaged(folder, "another manifest", "the one whose hash the registry keeps")
    content: dict[str, Any] = json.loads(path.read_text())
    listed, present = content["files"], _hashes(folder)
    wrong = sorted(name for name in {*listed, *present} if listed.get(name) != present.get(name))
    if wrong:
        raise _damaged(folder, f"other content than listed in {', '.join(wrong)}", "listed files")
    return content


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hashes(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink()]
    return {
        str(path.relative_to(folder)): file_hash(path)
        for path in files
        if path.relative_to(folder) != Path(FILE)
    }


def _refuse_formats(folder: Path) -> None:
    refused = [
        path.name for path in sorted(folder.rglob("*")) if path.suffix.lower() in REFUSED_SUFFIXES
    ]
    if refused:
        raise _damaged(
            folder, f"{', '.join(refused)}, which can run code when read", "shape.json and .npz"
        )


def _damaged(folder: Path, found: str, expected: str) -> ModelDamagedError:
    return ModelDamagedError(
        f"model version {folder.name}", found=found, expected=expected, next_step=_NEXT_STEP
    )
