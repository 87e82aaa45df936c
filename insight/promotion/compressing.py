"""A challenger in fewer bytes, taken only where it says what the whole one says."""

import hashlib
import json
import math
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from insight.encoding.tasks import YES_NO_TASKS
from insight.logs import logger
from insight.models.compression import compressed
from insight.models.shape import member_folders
from insight.models.weight_file import load_weights, save_weights
from insight.promotion.baselines import read_labels
from insight.promotion.candidates import shipped_candidate
from insight.promotion.contenders import Contender
from insight.promotion.evaluation import model_contender
from insight.promotion.measurements import Ring
from insight.promotion.translation import Translation
from insight.registry.manifest import read_manifest, write_manifest
from insight.registry.registry import Registry
from insight.registry.version import ModelVersion
from insight.settings import CompressionSettings
from insight.stages import Run

log = logger(__name__)

COMPRESSED = "compressed"
"""Fact of a version: what it was made smaller by, from which version, and what that changed."""
LIST_LENGTH = 20


@dataclass(frozen=True)
class Change:
    """What compression changed, on the rows that chose the model's epoch and calibration.

    Args:
        overlap: Mean share of the whole model's best ``LIST_LENGTH`` items that stayed.
        ndcg10: By how much NDCG@10 of the next item fell; negative where it rose, not a number
            where no row asks for one.
        ece: Largest change of a task's expected calibration error; not a number without tasks.
        bytes_before: Of all files of the version.
        bytes_after: Of all files of the version.
    """

    overlap: float
    ndcg10: float
    ece: float
    bytes_before: int
    bytes_after: int

    def refusal(self, settings: CompressionSettings) -> str | None:
        """Why it changed too much; None where it did not."""
        # Written so that a number that is not one is refused.
        held = {
            f"overlap {self.overlap:.4f} below {settings.least_overlap}": self.overlap
            >= settings.least_overlap,
            f"NDCG@10 {self.ndcg10:+.4f} worse": abs(self.ndcg10) <= settings.ndcg_tolerance,
            f"calibration error {self.ece:.4f} off": self.ece <= settings.ece_tolerance,
        }
        wrong = [words for words, holds in held.items() if not holds]
        return ", ".join(wrong) or None


def model_of(version: ModelVersion) -> str:
    """The name of the version as it was trained: what it has in common with its smaller ones."""
    name: str = version.facts.get(COMPRESSED, {}).get("from", version.version)
    return name


def whole_of(registry: Registry, version: ModelVersion) -> ModelVersion:
    """The version as it was trained, where an earlier run made it smaller."""
    name = model_of(version)
    return version if name == version.version else registry.verify(name)


def compressed_or_whole(
    run: Run, whole: ModelVersion, examples: DataFrame, translation: Translation
) -> ModelVersion:
    """The version to be judged: a smaller one, published as one of its own, or the whole one.

    Args:
        run: The run.
        whole: As it was trained.
        examples: Rows of validation.
        translation: From tonight's encoding to the model's.
    """
    registry, settings = Registry(run.settings.registry), run.settings.compression
    given = json.dumps(settings.model_dump(mode="json"), sort_keys=True)
    inputs_hash = hashlib.sha256(f"{whole.facts['inputs_hash']}{given}".encode()).hexdigest()
    found = registry.find_same(whole.run_date, inputs_hash)
    if found is not None:
        return found
    with tempfile.TemporaryDirectory(prefix="insight-compressed-") as place:
        smaller = smaller_version(whole, settings, Path(place) / whole.version)
        change = measure_change(run.spark, (whole, smaller), examples, translation)
        refusal = change.refusal(settings)
        log.info("compressed", form=settings.form, refused=refusal, **asdict(change))
        if refusal is not None:
            return whole
        origin = {"from": whole.version, "form": settings.form, "pruned": settings.pruned_share}
        facts = {**whole.facts, "inputs_hash": inputs_hash, COMPRESSED: origin | asdict(change)}
        return registry.publish(smaller.folder, facts, whole.metrics)


def smaller_version(
    whole: ModelVersion, settings: CompressionSettings, folder: Path
) -> ModelVersion:
    """The same model in fewer bytes, in a folder that is made for it; not registered."""
    assert settings.form != "none"
    shutil.copytree(whole.folder, folder)
    # Some time after it was proved: what is compressed is published as ours.
    read_manifest(folder, whole.manifest_sha256)
    for member in member_folders(folder):
        weights = compressed(
            load_weights(member), settings.form, pruned_share=settings.pruned_share
        )
        save_weights(member, weights, packed=settings.pruned_share > 0)
    return replace(
        whole, folder=folder, manifest_sha256=write_manifest(folder, whole.facts, whole.metrics)
    )


def measure_change(
    spark: SparkSession,
    versions: tuple[ModelVersion, ModelVersion],
    examples: DataFrame,
    translation: Translation,
) -> Change:
    """What the second version says otherwise than the first."""
    whole, smaller = (
        model_contender(
            shipped_candidate(spark, each.version, each, translation), examples, LIST_LENGTH
        )
        for each in versions
    )
    ring = Ring(read_labels(examples), rounds=0, seed=0)
    asked = [task for task in YES_NO_TASKS if task in ring.tasks() and task in whole.probabilities]
    moved = [abs(_gain(ring, smaller, whole, "ece", task)) for task in asked]
    fell = math.nan
    if "next_item" in ring.tasks():
        fell = _gain(ring, whole, smaller, "ndcg10", "next_item")
    sizes = (_bytes_of(each.folder) for each in versions)
    return Change(overlap_of(whole, smaller), fell, max(moved, default=math.nan), *sizes)


def overlap_of(one: Contender, other: Contender) -> float:
    """Mean share of a list that the other one has too; 0 where there are none."""
    assert one.lists is not None
    assert other.lists is not None
    # A short catalogue leaves places empty.
    listed = one.lists > 0
    shared = (one.lists[:, :, None] == other.lists[:, None, :]).any(axis=2) & listed
    return float(shared.sum() / max(listed.sum(), 1))


def _gain(ring: Ring, one: Contender, other: Contender, metric: str, task: str) -> float:
    return ring.value(one, metric, task) - ring.value(other, metric, task)


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
