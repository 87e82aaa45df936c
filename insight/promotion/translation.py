"""Reads examples encoded tonight with the vocabulary and the scales of another night's model.

The champion was trained with its own item indices and feature scales. Shown tonight's
examples as they are, it would read other items and other amounts, and lose unfairly.
"""

from dataclasses import dataclass

import numpy as np

from insight.encoding.features import FeatureStatistics
from insight.encoding.sequences import SEQUENCE_INPUTS
from insight.encoding.vocabulary import FIRST_KNOWN, PADDING, UNKNOWN, Indices, Vocabulary
from insight.errors import VocabularyMismatchError
from insight.metrics.arrays import Floats
from insight.promotion.inputs import Array, Inputs


@dataclass(frozen=True)
class Translation:
    """From tonight's encoding to a model's own.

    Args:
        item_index: The model's index of each of tonight's indices, shape (tonight's size,).
        tonight: The statistics the examples were normalised with.
        own: The statistics the model was trained with.
        size: Item indices the model scores, padding and unknown among them.
        length: Events per customer that the model reads.
    """

    item_index: Indices
    tonight: FeatureStatistics
    own: FeatureStatistics
    size: int
    length: int

    @property
    def tonight_index(self) -> Indices:
        """Tonight's index of each of the model's, unknown where tonight has no such item."""
        known = np.flatnonzero(self.item_index >= FIRST_KNOWN)
        back = np.full(self.size, UNKNOWN, dtype=np.int64)
        back[PADDING] = PADDING
        back[self.item_index[known]] = known
        return back

    def inputs(self, inputs: Inputs) -> Inputs:
        """The same rows as the model would have encoded them."""
        sequences = {name: self._cut(inputs[name]) for name in SEQUENCE_INPUTS}
        return {
            **sequences,
            "item_indices": self.item_index[sequences["item_indices"]],
            "features": self.features(inputs["features"].astype(np.float32)),
            "campaign_context": inputs["campaign_context"].astype(np.float32),
        }

    def _cut(self, sequences: Array) -> Indices:
        """The newest events that fit; older places the model knows are padding."""
        newest = sequences[:, -self.length :].astype(np.int64)
        return np.pad(newest, ((0, 0), (self.length - newest.shape[1], 0)))

    def features(self, rows: Floats) -> Floats:
        """Undo tonight's scaling and apply the model's; masks stay, missing stays the mean.

        Values that tonight's scaling clipped stay clipped.
        """
        if self.tonight == self.own:
            return rows
        width = len(self.own.names)
        raw = rows[:, :width] * np.array(self.tonight.scale) + np.array(self.tonight.mean)
        rescaled = (raw - np.array(self.own.mean)) / np.array(self.own.scale)
        scaled = np.clip(rescaled, *self.own.bounds)
        masked = np.flatnonzero(self.own.has_mask)
        scaled[:, masked] = np.where(rows[:, width:] > 0.5, 0.0, scaled[:, masked])
        renormalised: Floats = np.concatenate([scaled, rows[:, width:]], axis=1)
        return renormalised.astype(np.float32)


def translate(
    vocabulary: Vocabulary,
    statistics: FeatureStatistics,
    *,
    own_vocabulary: Vocabulary,
    own_statistics: FeatureStatistics,
    own_length: int,
) -> Translation:
    """From the encoding of tonight's examples to that of a model.

    Args:
        vocabulary: Tonight's.
        statistics: Tonight's.
        own_vocabulary: The model's.
        own_statistics: The model's.
        own_length: Events per customer that the model reads.

    Raises:
        VocabularyMismatchError: The model reads other features than tonight's examples hold.
    """
    for what in ("names", "transforms", "has_mask"):
        if getattr(statistics, what) != getattr(own_statistics, what):
            raise VocabularyMismatchError(
                "features of the model and of tonight's examples",
                found=f"{what} {getattr(own_statistics, what)}",
                expected=f"{what} {getattr(statistics, what)}",
                next_step="train a model on tonight's features; the old one cannot read them",
            )
    known = own_vocabulary.encode(vocabulary.item_ids)
    reserved = np.array([PADDING, UNKNOWN], dtype=np.int64)
    return Translation(
        np.concatenate([reserved, known]),
        statistics,
        own_statistics,
        own_vocabulary.size,
        own_length,
    )
