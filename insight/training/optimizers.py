"""Optimisers and their learning rate over a training."""

import math

import tensorflow as tf
import tf_keras as keras

from insight.settings import TrainingSettings

FINAL_RATE_SHARE = 0.05
_MOMENTUM = 0.9
_BETA_2 = 0.98
"""As SASRec has it (Kang and McAuley 2018): most items are met seldom, and their last gradients
say more than those of long ago."""
_RATE_OF_RANKS = {"none": lambda ranks: 1.0, "sqrt": math.sqrt, "linear": float}
_SCALED_WARM_UP_SHARE = 0.05
_NOT_SHRUNK = ["bias", "beta", "gamma", "ages", "positions", "log_variances"]
"""A bias is not a strength to be shrunk: it is how popular an item is."""


class _Adam(keras.optimizers.Adam):  # type: ignore[misc]
    """Adam whose step on a variable is one operation, where Keras makes a dozen passes over it.

    Gradients are dense. With ``weight_decay`` it is AdamW.
    """

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable) -> None:
        index = self._index_dict[self._var_key(variable)]
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(self.learning_rate, variable.dtype),
            beta1=tf.cast(self.beta_1, variable.dtype),
            beta2=tf.cast(self.beta_2, variable.dtype),
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=gradient,
        )


_OPTIMIZERS = {"adamw": _Adam, "adam": _Adam, "sgd": keras.optimizers.SGD}


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
