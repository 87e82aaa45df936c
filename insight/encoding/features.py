"""Model features: their order, transforms and scales, fitted on the training window only."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from insight.errors import VocabularyMismatchError
from insight.tables import CUSTOMER_FEATURES

Floats = npt.NDArray[np.float32]

_NOT_FEATURES = {"customer_id", "feature_date"}

FEATURES: tuple[str, ...] = tuple(
    column.name
    for column in CUSTOMER_FEATURES.columns
    if column.name not in _NOT_FEATURES and column.type != "string"
)
"""Every feature the model reads, in the order it reads them: the numeric ones."""

NULLABLE: frozenset[str] = frozenset(
    column.name
    for column in CUSTOMER_FEATURES.columns
    if column.nullable and column.name in FEATURES
)
"""Features that may be missing; each is marked by a mask of its own."""


def transform_of(feature: str) -> str:
    """Counts, days and money have long tails and are read as log1p; shares are not."""
    return "none" if "share" in feature else "log1p"


@dataclass(frozen=True)
class FeatureStatistics:
    """Location and scale of each feature after its transform; all of one length.

    Args:
        names: The features, in order.
        transforms: ``log1p`` or ``none``.
        mean: Means, or minima where features are scaled to 0 to 1.
        scale: Standard deviations, or ranges.
        has_mask: Whether a feature may be missing.
        scaling: ``standard`` or ``min_max``.
    """

    names: tuple[str, ...]
    transforms: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    has_mask: tuple[bool, ...]
    scaling: str = "standard"

    @classmethod
    def from_rows(cls, rows: Iterable[Any]) -> "FeatureStatistics":
        """From rows of the feature_statistics table, in any order."""
        ordered = sorted(rows, key=lambda row: row["position"])
        return cls(
            names=tuple(row["feature"] for row in ordered),
            transforms=tuple(row["transform"] for row in ordered),
            mean=tuple(row["mean"] for row in ordered),
            scale=tuple(row["scale"] for row in ordered),
            has_mask=tuple(row["has_mask"] for row in ordered),
            scaling=ordered[0]["scaling"],
        )

    def to_rows(self) -> list[tuple[str, int, str, str, float, float, bool]]:
        """Rows of the feature_statistics table, without their run date."""
        columns = (self.names, self.transforms, self.mean, self.scale, self.has_mask)
        return [
            (name, position, transform, self.scaling, mean, scale, has_mask)
            for position, (name, transform, mean, scale, has_mask) in enumerate(
                zip(*columns, strict=True)
            )
        ]

    @property
    def width(self) -> int:
        """Length of a normalised row: the features, then one mask per nullable feature."""
        return len(self.names) + sum(self.has_mask)

    @property
    def bounds(self) -> tuple[float, float]:
        """Lowest and highest value that a scaled feature may have."""
        # Ten deviations are as far as a feature may pull; beyond it is a damaged value.
        return (0.0, 1.0) if self.scaling == "min_max" else (-10.0, 10.0)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over names, transforms and scales, in hex."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()

    def refuse_other_schema(self, reader: str) -> None:
        """Refuse a model whose features are not those of today: it would read something else.

        Features that came later are no hindrance: it reads its own, by name.

        Args:
            reader: The model these are of.

        Raises:
            VocabularyMismatchError: A feature is gone, or is transformed or masked differently.
        """
        today = {name: (transform_of(name), name in NULLABLE) for name in FEATURES}
        own = zip(self.names, zip(self.transforms, self.has_mask, strict=True), strict=True)
        other = [name for name, form in own if today.get(name) != form]
        if other:
            raise VocabularyMismatchError(
                f"features of model {reader}",
                found=f"{', '.join(other)}: gone, or read differently, in this code version",
                expected="the features that it was trained on",
                next_step="train anew (--set training.every_days=1), or run the code version "
                "named in the model's manifest; nothing was published",
            )

    def normalise(self, rows: pa.RecordBatch) -> Floats:
        """Scaled values with the location for what is missing, then masks (1: missing).

        Args:
            rows: A batch with a column for each feature.

        Returns:
            Shape (rows, width), finite.
        """
        names = rows.schema.names
        columns = [rows.column(names.index(name)) for name in self.names]
        scaled = [self._scaled(column, i) for i, column in enumerate(columns)]
        masks = [
            np.asarray(pc.is_null(column)).astype(np.float32)
            for column, has_mask in zip(columns, self.has_mask, strict=True)
            if has_mask
        ]
        return np.stack([*scaled, *masks], axis=1).astype(np.float32)

    def _scaled(self, column: pa.Array, position: int) -> npt.NDArray[np.float64]:
        values = np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False))
        if self.transforms[position] == "log1p":
            values = np.log1p(np.maximum(values, 0.0))
        scaled = (values - self.mean[position]) / self.scale[position]
        return np.clip(np.nan_to_num(scaled, nan=0.0), *self.bounds)

    def save(self, folder: Path) -> None:
        (folder / "features.json").write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: Path) -> "FeatureStatistics":
        content = json.loads((folder / "features.json").read_text())
        scaling = content.pop("scaling", "standard")
        return cls(**{name: tuple(values) for name, values in content.items()}, scaling=scaling)
