"""Looks for texts in all that a run has left behind, as bytes and as decoded values."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as kinds


def found_below(folder: Path, texts: Sequence[str]) -> list[tuple[str, str]]:
    """File and text of every hit in the files below a folder.

    Parquet compresses and encodes its values, so that its bytes alone would hide them: texts and
    whole numbers are decoded, at every depth.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [
        (str(path.relative_to(folder)), text)
        for path in files
        for text in texts
        if any(text.encode() in content for content in _contents(path))
    ]


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".parquet":
        # The file alone: as a data set its folders' names would become columns.
        for column in pq.ParquetFile(path).read().columns:
            for leaf in _leaves(column.combine_chunks()):
                yield "\n".join(map(str, leaf.unique().to_pylist())).encode()


def _leaves(values: pa.Array) -> Iterator[pa.Array]:
    """The texts and whole numbers of a column, whatever they are nested in."""
    kind = values.type
    if kinds.is_map(kind):
        yield from _leaves(values.keys)
        yield from _leaves(values.items)
    elif kinds.is_struct(kind):
        for field in values.flatten():
            yield from _leaves(field)
    elif kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind):
        yield from _leaves(values.flatten())
    elif kinds.is_string(kind) or kinds.is_binary(kind) or kinds.is_integer(kind):
        yield values
