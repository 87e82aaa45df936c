"""All that fixes a model's architecture: with the weights, it is the model."""

import json
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from insight.encoding.sequences import ANY_EVENT
from insight.errors import ModelDamagedError

Encoder = Literal["cnn", "gru", "transformer"]
FeedForward = Literal["plain", "gated"]
ItemVectors = Literal["none", "frozen", "fine_tuned"]
FILE = "shape.json"
MEMBERS = "member_*"
"""Folders of a version's encoders, each with shape, weights, calibration, blend and history."""


@dataclass(frozen=True)
class ModelShape:
    """Sizes and choices of a customer model.

    Args:
        vocabulary_size: Item indices, padding (0) and unknown (1) among them.
        category_count: Category indices, padding and unknown among them.
        type_count: Event type indices, padding among them.
        gap_count: Gap bucket indices, padding among them.
        price_count: Price bucket indices, padding among them.
        feature_width: Length of a row of features.
        sequence_length: Events per customer; all count as what the customer had before.
        encoder: Which encoder reads the sequence.
        width: Length of embeddings and of the encoder's states.
        blocks: Encoder layers.
        heads: Attention heads per layer, transformer only.
        feed_forward: A layer's feed-forward part, transformer only.
        dropout: Share of units dropped in training.
        encoder_length: How many of the newest events the encoder reads.
        repeats: Whether customers may want again what they have had; without it their seen items
            are neither recommended nor told apart in training.
        seen_by: Kinds of events that make an item a seen one, without ``repeats``.
        item_vectors: Whether vectors of items' words and pictures are added to the items: not
            at all, as they are, or trained along.
        vector_width: Length of an item's vector, 0 where there is none.
    """

    vocabulary_size: int
    category_count: int
    type_count: int
    gap_count: int
    price_count: int
    feature_width: int
    sequence_length: int
    encoder: Encoder = "gru"
    width: int = 64
    blocks: int = 1
    heads: int = 2
    feed_forward: FeedForward = "plain"
    dropout: float = 0.2
    encoder_length: int = 32
    repeats: bool = True
    item_vectors: ItemVectors = "none"
    vector_width: int = 0
    seen_by: tuple[str, ...] = ANY_EVENT

    def save(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, folder: Path) -> "ModelShape":
        """Read ``shape.json``.

        A model saved before a field was there still loads: a later field's default says what
        all models were before it.

        Raises:
            ModelDamagedError: Fields are missing, or not those of this code version.
        """
        content = json.loads((folder / FILE).read_text())
        known = {field.name for field in fields(cls)}
        needed = {field.name for field in fields(cls) if field.default is MISSING}
        if not needed <= set(content) <= known:
            raise ModelDamagedError(
                f"model shape in {folder}",
                found=f"fields {sorted(content)}",
                expected=f"fields {sorted(known)}",
                next_step="score with the code version named in the manifest, or train anew",
            )
        if "seen_by" in content:
            content["seen_by"] = tuple(content["seen_by"])
        return cls(**content)


def member_folders(folder: Path) -> list[Path]:
    """The folders of a version's encoders, in order.

    Raises:
        ModelDamagedError: There is none.
    """
    found = sorted(folder.glob(MEMBERS))
    if not found:
        raise ModelDamagedError(
            f"model in {folder}",
            found="no member_0",
            expected="a folder for each encoder",
            next_step="score with the code version named in the manifest, or train anew",
        )
    return found
