"""Gets a verified model version to the processes that load it: executors and the driver."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pyspark import Broadcast
from pyspark.sql import SparkSession

from insight.registry.manifest import read_manifest
from insight.registry.version import ModelVersion


@dataclass(frozen=True)
class Parcel:
    """A model version on its way.

    Args:
        version: Its name.
        manifest_sha256: What the registry keeps of its manifest, which has the files' hashes.
        files: Paths below the model folder, and what is in the files.
    """

    version: str
    manifest_sha256: str
    files: dict[str, bytes]


def ship(spark: SparkSession, version: ModelVersion) -> Broadcast[Parcel]:
    """Broadcast the files of a model version.

    Raises:
        ModelDamagedError: They are not those published: changed since the registry proved them.
    """
    parcel = _packed(version)
    with _proved(parcel):
        # Here the error keeps its type; an executor's would come back as Spark's.
        pass
    return spark.sparkContext.broadcast(parcel)


@contextmanager
def verified_copy(version: ModelVersion) -> Iterator[ModelVersion]:
    """The version with a private copy of its files, each verified after it was copied.

    The registry verifies a version when it finds it. Who reads the files later, from the folder
    that others can write to, would read unverified files.

    Raises:
        ModelDamagedError: The files have changed since the registry verified them.
    """
    with _proved(_packed(version)) as folder:
        yield replace(version, folder=folder)


@contextmanager
def unpacked(parcel: Broadcast[Parcel]) -> Iterator[Path]:
    """The model folder again, in an executor, for as long as it takes to load it.

    Raises:
        ModelDamagedError: The files are not those published.
    """
    with _proved(parcel.value) as folder:
        yield folder


def _packed(version: ModelVersion) -> Parcel:
    paths = sorted(path for path in version.folder.rglob("*") if path.is_file())
    files = {path.relative_to(version.folder).as_posix(): path.read_bytes() for path in paths}
    return Parcel(version.version, version.manifest_sha256, files)


@contextmanager
def _proved(parcel: Parcel) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="insight-model-") as place:
        folder = Path(place) / parcel.version
        for file, content in parcel.files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        read_manifest(folder, parcel.manifest_sha256)
        yield folder
