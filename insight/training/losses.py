"""What training minimises."""

from typing import NamedTuple

import tensorflow as tf

from insight.encoding.vocabulary import FIRST_KNOWN
from insight.models.customer_model import CustomerModel, Encoding
from insight.models.ranking import NEVER
from insight.models.repeats import (
    gains_of_own,
    gains_of_wanted,
    last_places,
    newest_mentions,
)

Batch = dict[str, tf.Tensor]


class Negatives(NamedTuple):
    """Items drawn, with replacement, to stand for the rest of the catalogue.

    Args:
        items: Shape (negatives,).
        log_expected: Log of how often each is expected among the draws, shape (negatives,).
    """

    items: tf.Tensor
    log_expected: tf.Tensor


def next_item_targets(batch: Batch, positions: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The item after each of the last positions, and whether it is one to learn from.

    Padding and unknown are never targets.

    Returns:
        int64 targets and booleans, both of shape (rows, positions).
    """
    items = batch["item_indices"]
    last = tf.where(batch["has_next_item"] > 0, batch["next_item"], 0)
    targets = tf.concat([items[:, 1:], last[:, None]], axis=1)[:, -positions:]
    # A customer without events has a last position of padding, and is still recommended to.
    known_past = (items != 0)[:, -positions:]
    is_last = tf.range(positions)[None] == positions - 1
    return targets, (targets >= FIRST_KNOWN) & (known_past | is_last)


def sampled_softmax_losses(
    model: CustomerModel, encoding: Encoding, batch: Batch, negatives: Negatives
) -> tf.Tensor:
    """Cross-entropy of each position's next item, over a sample that stands for all items.

    The sum over the catalogue in the softmax is estimated by what is in for certain (the
    target, and the customer's own items, which the repeat term lifts and random draws would
    hardly ever meet) plus draws divided by how often they are expected, the logQ correction
    (Bengio and Senecal 2003; Yi et al. 2019). What is in for certain is not corrected
    (Khrylchenko et al. 2025, "Correcting the LogQ Correction"); a draw that is in already is left
    out.

    Returns:
        Shape (rows, positions), of any value where there is no target.
    """
    positions = encoding.queries.shape[1]
    items = batch["item_indices"]
    targets, _ = next_item_targets(batch, positions)
    wanted = _scores_of_targets(model, encoding, items, targets)
    places = last_places(items, positions)
    other = items[:, None] != targets[:, :, None]
    own = tf.where(
        newest_mentions(items, places) & other, _scores_of_own(model, encoding, items), NEVER
    )
    fresh = ~_had_before(items, negatives.items, places)
    fresh &= negatives.items != targets[:, :, None]
    drawn = tf.where(fresh, _scores_of_draws(model, encoding, negatives), NEVER)
    parts = tf.concat([wanted[:, :, None], own, drawn], axis=2)
    return tf.reduce_logsumexp(parts, axis=2) - wanted


def _scores_of_targets(
    model: CustomerModel, encoding: Encoding, items: tf.Tensor, targets: tf.Tensor
) -> tf.Tensor:
    """One per position, shape (rows, positions)."""
    scores = tf.reduce_sum(encoding.queries * model.items(targets), axis=2)
    categories = model.items.categories(targets)
    scores += tf.gather(encoding.category_gains, categories, axis=2, batch_dims=2)
    return scores + model.items.biases(targets) + gains_of_wanted(encoding.repeats, items, targets)


def _scores_of_own(model: CustomerModel, encoding: Encoding, items: tf.Tensor) -> tf.Tensor:
    """Of each event's item at each position, shape (rows, positions, length)."""
    scores = tf.matmul(encoding.queries, model.items(items), transpose_b=True)
    categories = model.items.categories(items)
    scores += tf.gather(encoding.category_gains, categories, axis=2, batch_dims=1)
    return scores + model.items.biases(items)[:, None] + gains_of_own(encoding.repeats, items)


def _scores_of_draws(model: CustomerModel, encoding: Encoding, negatives: Negatives) -> tf.Tensor:
    """Of each draw at each position, corrected; shape (rows, positions, negatives)."""
    scores = tf.einsum("bpd,nd->bpn", encoding.queries, model.items(negatives.items))
    categories = model.items.categories(negatives.items)
    scores += tf.gather(encoding.category_gains, categories, axis=2)
    return scores + model.items.biases(negatives.items) - negatives.log_expected


def _had_before(items: tf.Tensor, drawn: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Whether a drawn item is in the sequence up to a place; (rows, positions, negatives).

    Comparing every event with every draw would take a fifth of a step. Instead each event looks
    up which draw its item is, and leaves its place there.
    """
    rows, length = tf.shape(items)[0], tf.shape(items)[1]
    draws = tf.size(drawn)
    largest = tf.maximum(tf.reduce_max(items), tf.reduce_max(drawn)) + 1
    draw_of_item = tf.fill(tf.cast(largest, tf.int32)[None], draws)
    draw_of_item = tf.tensor_scatter_nd_min(draw_of_item, drawn[:, None], tf.range(draws))
    met = tf.gather(draw_of_item, items)
    of_row = tf.broadcast_to(tf.range(rows)[:, None], tf.shape(items))
    at = tf.broadcast_to(tf.range(length), tf.shape(items))
    # One column more than draws, for the events whose item was not drawn.
    first = tf.tensor_scatter_nd_min(
        tf.fill((rows, draws + 1), length), tf.stack([of_row, met], axis=2), at
    )
    # An item drawn twice was looked up at its first draw.
    of_draw = tf.gather(first, tf.gather(draw_of_item, drawn), axis=1)
    return of_draw[:, None] <= places[None, :, None]


def yes_no_losses(logits: tf.Tensor, labels: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    """Binary cross-entropy in nats.

    Args:
        logits: In parts to be added up, shape (rows, parts).
        labels: 0 or 1, shape (rows,).
        smoothing: How far labels are drawn towards a half.

    Returns:
        Shape (rows,).
    """
    smoothed = labels * (1.0 - smoothing) + 0.5 * smoothing
    return tf.nn.sigmoid_cross_entropy_with_logits(smoothed, tf.reduce_sum(logits, axis=1))


def masked_mean(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Mean of the values that have weight; 0 where none has."""
    return tf.math.divide_no_nan(tf.reduce_sum(values * weights), tf.reduce_sum(weights))
