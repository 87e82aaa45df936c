"""Gets a verified model version to the executors, which need no access to the registry."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark import Broadcast
from pyspark.sql import SparkSession

Parcel = dict[str, bytes]
"""File names of a model folder, and what is in them."""


def ship(spark: SparkSession, folder: Path) -> Broadcast[Parcel]:
    """Broadcast the files of a model folder."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return spark.sparkContext.broadcast({path.name: path.read_bytes() for path in files})


@contextmanager
def unpacked(parcel: Broadcast[Parcel]) -> Iterator[Path]:
    """The model folder again, in an executor, for as long as it takes to load it."""
    with tempfile.TemporaryDirectory(prefix="insight-model-") as folder:
        for file, content in parcel.value.items():
            (Path(folder) / file).write_bytes(content)
        yield Path(folder)
