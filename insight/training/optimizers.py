"""Optimisers and their learning rate over a training."""

import math

import tf_keras as keras

from insight.settings import TrainingSettings

FINAL_RATE_SHARE = 0.05
_OPTIMIZERS = {
    "adamw": keras.optimizers.AdamW,
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
}
_MOMENTUM = 0.9
_BETA_2 = 0.98
"""As SASRec has it (Kang and McAuley 2018): most items are met seldom, and their last gradients
say more than those of long ago."""
_RATE_OF_RANKS = {"none": lambda ranks: 1.0, "sqrt": math.sqrt, "linear": float}
_SCALED_WARM_UP_SHARE = 0.05
_NOT_SHRUNK = ["bias", "beta", "gamma", "ages", "positions", "log_variances"]
"""A bias is not a strength to be shrunk: it is how popular an item is."""


def make_optimizer(
    settings: TrainingSettings, total_steps: int, *, ranks: int = 1
) -> keras.optimizers.Optimizer:
    """The optimiser that the settings name: AdamW (Loshchilov and Hutter 2019), Adam or SGD.

    The rate rises over the warm-up and then falls along a cosine (their SGDR, 2017), or stays.
    Scaled with the ranks it warms up in any case (Goyal et al. 2017, section 2.2).

    Args:
        settings: How to train.
        total_steps: Of the longest training.
        ranks: Whose gradients each step takes the mean of.

    Returns:
        With mixed precision, one that scales losses so that small gradients do not vanish.
    """
    highest = settings.learning_rate * _RATE_OF_RANKS[settings.scale_learning_rate](ranks)
    is_scaled = highest > settings.learning_rate
    least = _SCALED_WARM_UP_SHARE if is_scaled else 0.0
    warm_up = round(max(settings.warm_up_share, least) * total_steps)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if warm_up else highest,
        max(total_steps - warm_up, 1),
        alpha=FINAL_RATE_SHARE if settings.decay == "cosine" else 1.0,
        warmup_target=highest if warm_up else None,
        warmup_steps=warm_up,
    )
    more: dict[str, dict[str, float]] = {
        "adamw": {"weight_decay": settings.weight_decay, "beta_2": _BETA_2},
        "adam": {"beta_2": _BETA_2},
        "sgd": {"momentum": _MOMENTUM},
    }
    kind = settings.optimizer
    optimizer = _OPTIMIZERS[kind](rate, **more.get(kind, {}))
    optimizer.exclude_from_weight_decay(var_names=_NOT_SHRUNK)
    if settings.precision == "mixed":
        return keras.mixed_precision.LossScaleOptimizer(optimizer)
    return optimizer
