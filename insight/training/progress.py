"""How far a training has come, and the same as a checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import tensorflow as tf

from insight.models.arrays import Array
from insight.training.checkpoints import Checkpoint

_OF_BEST, _OF_NOW = "best/", "now/"


@dataclass
class Best:
    """The best epoch so far; the lower its ``score``, the better."""

    score: float = float("inf")
    epoch: int = 0
    weights: dict[str, Array] = field(default_factory=dict)


def kept(
    best: Best, history: list[dict[str, float]], variables: Sequence[tf.Variable]
) -> Checkpoint:
    """All that the next epoch depends on: the model's and the optimiser's variables among it."""
    now = {f"{_OF_NOW}{number}": each.numpy() for number, each in enumerate(variables)}
    weights = {f"{_OF_BEST}{name}": values for name, values in best.weights.items()}
    facts = {"score": best.score, "epoch": best.epoch, "history": history}
    return Checkpoint(now | weights, facts)


def restored(
    checkpoint: Checkpoint, variables: Sequence[tf.Variable]
) -> tuple[Best, list[dict[str, float]]]:
    """Set the variables, and give back the rest of what was kept."""
    arrays, facts = checkpoint
    for number, variable in enumerate(variables):
        variable.assign(arrays[f"{_OF_NOW}{number}"])
    weights = {
        name.removeprefix(_OF_BEST): values
        for name, values in arrays.items()
        if name.startswith(_OF_BEST)
    }
    return Best(facts["score"], facts["epoch"], weights), facts["history"]
