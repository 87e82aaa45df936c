"""Begins a training where the champion's ended: the nightly update of a live model."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from insight.encoding.features import FeatureStatistics
from insight.encoding.vocabulary import FIRST_KNOWN, UNKNOWN, Indices, Vocabulary
from insight.models.arrays import Array
from insight.models.shape import ModelShape, member_folders
from insight.models.weight_file import load_weights

_OF_ITEMS = ("items", "biases", "items_again_things", "vectors")
_OF_CATEGORIES = ("categories", "category_biases", "categories_again_things")
_MAY_DIFFER = ("vocabulary_size", "category_count", "dropout", "seen_by")

Start = Mapping[str, Array]
"""Weights by name in tonight's order of items; NaN where the champion has none."""


def start_of(
    folder: Path,
    shapes: Sequence[ModelShape],
    vocabulary: Vocabulary,
    statistics: FeatureStatistics,
) -> list[Start] | None:
    """Weights to begin with, for each encoder of tonight's version.

    Args:
        folder: Of the champion, verified.
        shapes: Tonight's encoders.
        vocabulary: Tonight's.
        statistics: Tonight's.

    Returns:
        None where the champion's encoders or features are others than tonight's.
    """
    members = member_folders(folder)
    own_shapes = [ModelShape.load(member) for member in members]
    if [_fixed(shape) for shape in own_shapes] != [_fixed(shape) for shape in shapes]:
        return None
    if FeatureStatistics.load(folder).names != statistics.names:
        return None
    own = Vocabulary.load(folder)
    return [translated(load_weights(member), own, vocabulary) for member in members]


def translated(weights: Start, own: Vocabulary, tonight: Vocabulary) -> dict[str, Array]:
    """Weights with a row per item or category in tonight's order.

    Args:
        weights: As they were saved.
        own: The vocabulary that they were trained with.
        tonight: Another one.
    """
    items = np.concatenate([np.arange(FIRST_KNOWN), own.encode(tonight.item_ids)])
    index_of = {name: i + FIRST_KNOWN for i, name in enumerate(own.category_names)}
    named = [index_of.get(name, UNKNOWN) for name in tonight.category_names]
    categories = np.concatenate([np.arange(FIRST_KNOWN), np.array(named, np.int64)])
    rows_of = dict.fromkeys(_OF_ITEMS, items) | dict.fromkeys(_OF_CATEGORIES, categories)
    found = {}
    for name, values in weights.items():
        rows = rows_of.get(name.rpartition("/")[2])
        found[name] = values if rows is None else _in_order(values, rows)
    return found


def _in_order(values: Array, rows: Indices) -> Array:
    moved = values[rows].astype(np.float32)
    is_new = rows == UNKNOWN
    is_new[:FIRST_KNOWN] = False
    moved[is_new] = np.nan
    return moved


def _fixed(shape: ModelShape) -> dict[str, object]:
    return {name: value for name, value in asdict(shape).items() if name not in _MAY_DIFFER}
