"""One optimiser step on one batch."""

from collections.abc import Callable

import tensorflow as tf
import tf_keras as keras

from insight.models.customer_model import CustomerModel
from insight.settings import TrainingSettings
from insight.training.group import RankGroup
from insight.training.losses import (
    Batch,
    Negatives,
    masked_mean,
    next_item_targets,
    sampled_softmax_losses,
    yes_no_losses,
)
from insight.training.negatives import NegativeSampler
from insight.training.plan import TASKS

LARGEST_GRADIENT_NORM = 5.0
FINAL_RATE_SHARE = 0.05

Step = Callable[[Batch], tuple[tf.Tensor, tf.Tensor]]


def make_optimizer(settings: TrainingSettings, total_steps: int) -> keras.optimizers.Optimizer:
    """AdamW (Loshchilov and Hutter 2019) with a cosine decay over the longest training."""
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, total_steps, alpha=FINAL_RATE_SHARE
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    # A bias is not a strength to be shrunk: it is how popular an item is.
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma", "ages", "positions"])
    return optimizer


def make_step(
    model: CustomerModel,
    optimizer: keras.optimizers.Optimizer,
    sampler: NegativeSampler,
    settings: TrainingSettings,
    group: RankGroup,
) -> Step:
    """The step as a graph.

    Returns:
        A function of a batch that gives its loss and whether loss and gradients were finite.
        Where they were not, the weights are lost.
    """
    optimizer.build(model.trainable_variables)

    def step(batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = batch_loss(model, batch, sampler.draw(optimizer.iterations), settings)
        mean_tape = group.mean_gradients(tape)
        gradients = mean_tape.gradient(loss, model.trainable_variables)
        dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
        clipped, norm = tf.clip_by_global_norm(dense, LARGEST_GRADIENT_NORM)
        optimizer.apply_gradients(zip(clipped, model.trainable_variables, strict=True))
        return loss, tf.math.is_finite(loss) & tf.math.is_finite(norm)

    graph: Step = tf.function(step, reduce_retracing=True)
    return graph


def batch_loss(
    model: CustomerModel, batch: Batch, negatives: Negatives, settings: TrainingSettings
) -> tf.Tensor:
    """The weighted sum of the heads' losses, a scalar in nats."""
    positions = min(settings.target_positions, model.shape.encoder_length)
    encoding = model(batch, positions=positions, training=True)
    _, valid = next_item_targets(batch, positions)
    # Every row's last position asks the very question that scoring asks.
    last = tf.one_hot(positions - 1, positions)
    importance = settings.within_sequence_weight + (1 - settings.within_sequence_weight) * last
    losses = sampled_softmax_losses(model, encoding, batch, negatives)
    total = masked_mean(losses, tf.cast(valid, tf.float32) * importance[None])
    for task, logits in zip(TASKS, (encoding.purchase, encoding.churn), strict=True):
        of_rows = yes_no_losses(logits, batch[task], settings.label_smoothing)
        total += settings.yes_no_weight * masked_mean(of_rows, batch[f"has_{task}"])
    return total
