"""Gets a verified model version to the executors, which need no access to the registry."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark import Broadcast
from pyspark.sql import SparkSession

Parcel = dict[str, bytes]
"""Paths below a model folder, and what is in the files."""


def ship(spark: SparkSession, folder: Path) -> Broadcast[Parcel]:
    """Broadcast the files of a model folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parcel = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return spark.sparkContext.broadcast(parcel)


@contextmanager
def unpacked(parcel: Broadcast[Parcel]) -> Iterator[Path]:
    """The model folder again, in an executor, for as long as it takes to load it."""
    with tempfile.TemporaryDirectory(prefix="insight-model-") as folder:
        for file, content in parcel.value.items():
            path = Path(folder) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield Path(folder)
