"""One optimiser step on one batch."""

from collections.abc import Callable

import tensorflow as tf
import tf_keras as keras

from insight.encoding.tasks import YES_NO_TASKS
from insight.models.customer_model import CustomerModel, Encoding
from insight.settings import TrainingSettings
from insight.training.augmentation import augmented
from insight.training.group import RankGroup
from insight.training.losses import Batch, Negatives, next_item_losses, next_item_targets
from insight.training.negatives import NegativeSampler
from insight.training.plan import HEADS
from insight.training.reader import batch_spec
from insight.training.yes_no import action_losses, class_weights, masked_mean, yes_no_losses

LARGEST_GRADIENT_NORM = 5.0

Step = Callable[[Batch], tuple[tf.Tensor, tf.Tensor]]


class Objective(keras.layers.Layer):  # type: ignore[misc]
    """The loss of a batch: the heads' losses, weighted.

    With learned weights each loss is divided by an uncertainty that is trained along, whose log
    is added so that it cannot grow for free (Kendall et al. 2018, "Multi-Task Learning Using
    Uncertainty to Weigh Losses", section 3.2).
    """

    def __init__(self, model: CustomerModel, settings: TrainingSettings) -> None:
        super().__init__(name="objective")
        self.model, self._settings = model, settings
        weights = settings.head_weights.model_dump()
        self._weights = tf.constant([weights[head] for head in HEADS], tf.float32)
        self._log_variances = self.add_weight(
            name="log_variances",
            shape=(len(HEADS),),
            initializer="zeros",
            trainable=settings.task_weights == "learned",
        )

    def call(self, batch: Batch, negatives: Negatives, step: tf.Tensor) -> tf.Tensor:
        """A scalar, in nats where all losses are; the number of the step is a seed."""
        model, settings = self.model, self._settings
        if settings.augment:
            seed = tf.stack([tf.constant(settings.seed, tf.int64), tf.cast(step, tf.int64)])
            batch = augmented(batch, settings.augment, settings.augment_share, seed)
        positions = min(settings.target_positions, model.shape.encoder_length)
        encoding = model(
            batch,
            positions=positions,
            training=True,
            all_heads_teach=settings.encoder_learns_from == "all_heads",
        )
        _, valid = next_item_targets(batch, positions)
        # Every row's last position asks the very question that scoring asks.
        asked = tf.shape(valid)[1]
        last = tf.one_hot(asked - 1, asked)
        importance = settings.within_sequence_weight * (1 - last) + last
        of_positions = next_item_losses(model, encoding, batch, negatives, settings)
        asked_of = [(of_positions, tf.cast(valid, tf.float32) * importance[None])]
        return self._weighed([*asked_of, *self._of_tasks(encoding, batch)])

    def _weighed(self, asked: list[tuple[tf.Tensor, tf.Tensor]]) -> tf.Tensor:
        losses = tf.stack([masked_mean(of_rows, weights) for of_rows, weights in asked])
        # A head that a batch asks nothing of would seem to be ever more certain.
        is_asked = tf.stack([tf.reduce_max(weights) > 0 for _, weights in asked])
        spread = tf.where(is_asked, self._log_variances, 0.0)
        return tf.reduce_sum(losses * self._weights * tf.exp(-spread) + spread / 2)

    def _of_tasks(self, encoding: Encoding, batch: Batch) -> list[tuple[tf.Tensor, tf.Tensor]]:
        """Losses and weights of the rows, of each head but the next item's in their order."""
        asked, settings = [], self._settings
        for number, task in enumerate(YES_NO_TASKS):
            of_rows = yes_no_losses(encoding.yes_no[:, number], batch[task], settings)
            weights = class_weights(batch[task], batch[f"has_{task}"], settings)
            asked.append((of_rows, weights))
        of_rows = action_losses(encoding.next_action, batch["next_action"], settings)
        return [*asked, (of_rows, batch["has_next_action"])]


def make_step(
    objective: Objective,
    optimizer: keras.optimizers.Optimizer,
    sampler: NegativeSampler,
    group: RankGroup,
) -> Step:
    """The step as a graph.

    Returns:
        A function of a batch that gives its loss and whether loss and gradients were finite.
        Where they were not, the weights are lost.
    """
    variables = objective.trainable_variables
    optimizer.build(variables)
    is_scaled = isinstance(optimizer, keras.mixed_precision.LossScaleOptimizer)

    def step(batch: Batch) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = objective(batch, sampler.draw(optimizer.iterations), optimizer.iterations)
            scaled = optimizer.get_scaled_loss(loss) if is_scaled else loss
        # The item table's, too: sparse gradients of different length on each rank would be
        # gathered, not summed, which costs more than the table itself for batches like ours.
        own = [tf.convert_to_tensor(each) for each in tape.gradient(scaled, variables)]
        dense = group.mean(own)
        if is_scaled:
            dense = optimizer.get_unscaled_gradients(dense)
        clipped, norm = tf.clip_by_global_norm(dense, LARGEST_GRADIENT_NORM)
        optimizer.apply_gradients(zip(clipped, variables, strict=True))
        finite = tf.math.is_finite(norm)
        if is_scaled:
            # A scale that was too large is lowered, and its step left out: that is no failure
            # as long as it can be lowered.
            finite |= optimizer.loss_scale > 1.0
        return loss, tf.math.is_finite(loss) & finite

    spec = batch_spec(objective.model.shape.feature_width)
    graph: Step = tf.function(step, input_signature=[spec], autograph=False)
    return graph
