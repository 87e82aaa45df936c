"""A model's weights by name: taken out, put in, and refused where they do not fit."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from insight.errors import ModelDamagedError
from insight.models.arrays import Array
from insight.models.customer_model import CustomerModel


def weights_of(model: CustomerModel) -> dict[str, Array]:
    """Every weight by its place and name."""
    return {name: variable.numpy() for name, variable in _named(model).items()}


def set_weights(model: CustomerModel, weights: Mapping[str, Array]) -> None:
    """Set every weight.

    Raises:
        ModelDamagedError: A weight is missing, left over, of another size or not finite.
    """
    named = _named(model)
    problems = sorted(set(named) ^ set(weights))
    problems += [
        name
        for name, variable in named.items()
        if name in weights
        and (tuple(variable.shape) != weights[name].shape or not np.isfinite(weights[name]).all())
    ]
    if problems:
        raise ModelDamagedError(
            "model weights",
            found=f"{len(problems)} that do not fit, such as {problems[0]}",
            expected="the weights of the shape that lies beside them, all finite",
            next_step="score with the code version named in the manifest, or train anew",
        )
    for name, variable in named.items():
        variable.assign(weights[name])


def start_from(model: CustomerModel, weights: Mapping[str, Array]) -> None:
    """Set the weights that are given; what is not a number in them stays as the model has it."""
    for name, variable in _named(model).items():
        if name in weights:
            given = weights[name]
            variable.assign(np.where(np.isnan(given), variable.numpy(), given))


def _named(model: CustomerModel) -> dict[str, tf.Variable]:
    # Names alone may repeat (every layer has a "kernel"); with the place they are unique, and
    # the order in which layers are made is part of the code version.
    return {f"{i:03d}/{v.name.split(':')[0]}": v for i, v in enumerate(model.weights)}
