"""A model version: a folder that never changes, and what is known about it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ModelVersion:
    """One published model.

    Args:
        version: Its name: the run date it was trained for, and the start of its inputs' hash.
        folder: Where its files lie.
        facts: What it was made of: code, data, vocabulary, features, seed, dates.
        metrics: What training measured on the validation split.
        manifest_sha256: Of the list of its files, as the registry's database keeps it.
    """

    version: str
    folder: Path
    facts: dict[str, Any]
    metrics: dict[str, float]
    manifest_sha256: str

    @property
    def run_date(self) -> date:
        """The night it was trained in."""
        return date.fromisoformat(self.facts["run_date"])
