"""What training minimises for yes-or-no answers, and for one of several."""

import tensorflow as tf

from insight.settings import TrainingSettings


def yes_no_losses(logits: tf.Tensor, labels: tf.Tensor, settings: TrainingSettings) -> tf.Tensor:
    """The loss that the settings name, with their label smoothing.

    Binary cross-entropy in nats; focal loss, which passes over what is easy (Lin et al. 2017,
    equation 4); or the squared error of the probability (Brier).

    Args:
        logits: In parts to be added up, shape (rows, parts).
        labels: 0 or 1, shape (rows,).
        settings: yes_no_loss, focal_gamma, label_smoothing.

    Returns:
        Shape (rows,).
    """
    logit = tf.reduce_sum(logits, axis=1)
    smoothed = labels * (1.0 - settings.label_smoothing) + 0.5 * settings.label_smoothing
    missed = tf.abs(smoothed - tf.sigmoid(logit))
    if settings.yes_no_loss == "mse":
        return tf.square(missed)
    losses = cross_entropy(logit, smoothed)
    return losses * missed**settings.focal_gamma if settings.yes_no_loss == "focal" else losses


def action_losses(logits: tf.Tensor, labels: tf.Tensor, settings: TrainingSettings) -> tf.Tensor:
    """Cross-entropy in nats, with label smoothing, shape (rows,).

    Args:
        logits: Shape (rows, classes).
        labels: int64 class of each row, shape (rows,).
        settings: label_smoothing.
    """
    classes = tf.shape(logits)[1]
    share = settings.label_smoothing / tf.cast(classes, tf.float32)
    smoothed = tf.one_hot(labels, classes) * (1.0 - settings.label_smoothing) + share
    return tf.nn.softmax_cross_entropy_with_logits(smoothed, logits)


def cross_entropy(logit: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Binary cross-entropy in nats, shape of ``logit``."""
    return tf.nn.sigmoid_cross_entropy_with_logits(labels, logit)


def class_weights(labels: tf.Tensor, has_label: tf.Tensor, settings: TrainingSettings) -> tf.Tensor:
    """A weight for each row of a batch: its mask, or such that both answers weigh the same.

    Balanced weights are rows / (2 * rows with that answer) (King and Zeng 2001), so what the
    model then says is no probability until it is calibrated.
    """
    if settings.class_weight == "none":
        return has_label
    total = tf.reduce_sum(has_label)
    yes = tf.reduce_sum(has_label * labels)
    of_yes, of_no = (
        total / (2.0 * tf.maximum(yes, 1.0)),
        total / (2.0 * tf.maximum(total - yes, 1.0)),
    )
    return has_label * (labels * of_yes + (1.0 - labels) * of_no)


def masked_mean(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Mean of the values that have weight; 0 where none has."""
    return tf.math.divide_no_nan(tf.reduce_sum(values * weights), tf.reduce_sum(weights))
