"""Optimisers and their learning rate over a training."""

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
_NOT_SHRUNK = ["bias", "beta", "gamma", "ages", "positions", "log_variances"]
"""A bias is not a strength to be shrunk: it is how popular an item is."""


def make_optimizer(settings: TrainingSettings, total_steps: int) -> keras.optimizers.Optimizer:
    """The optimiser that the settings name: AdamW (Loshchilov and Hutter 2019), Adam or SGD.

    The rate rises over the warm-up and then falls along a cosine (their SGDR, 2017), or stays.

    Args:
        settings: How to train.
        total_steps: Of the longest training.
    """
    warm_up = round(settings.warm_up_share * total_steps)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0 if warm_up else settings.learning_rate,
        max(total_steps - warm_up, 1),
        alpha=FINAL_RATE_SHARE if settings.decay == "cosine" else 1.0,
        warmup_target=settings.learning_rate if warm_up else None,
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
    return optimizer
