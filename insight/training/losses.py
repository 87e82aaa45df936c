"""What training minimises for the next item."""

from typing import NamedTuple

import tensorflow as tf

from insight.encoding.vocabulary import FIRST_KNOWN
from insight.models.arrays import NEVER
from insight.models.customer_model import CustomerModel, Encoding
from insight.models.repeats import (
    gains_of_own,
    gains_of_wanted,
    last_places,
    newest_mentions,
    seen_of,
)
from insight.settings import TrainingSettings

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

    Padding and unknown are never targets. Shorter sequences have fewer positions, and rows about
    a campaign none: their customers' events are there at the weekly cut-offs.

    Returns:
        int64 targets and booleans, both of shape (rows, positions).
    """
    items = batch["item_indices"]
    last = tf.where(batch["has_next_item"] > 0, batch["next_item"], 0)
    targets = tf.concat([items[:, 1:], last[:, None]], axis=1)[:, -positions:]
    # A customer without events has a last position of padding, and is still recommended to.
    known_past = (items != 0)[:, -positions:]
    is_last = tf.range(tf.shape(targets)[1])[None] == tf.shape(targets)[1] - 1
    asks_items = (batch["has_campaign"] == 0)[:, None]
    return targets, (targets >= FIRST_KNOWN) & (known_past | is_last) & asks_items


def next_item_losses(
    model: CustomerModel,
    encoding: Encoding,
    batch: Batch,
    negatives: Negatives,
    settings: TrainingSettings,
) -> tf.Tensor:
    """The loss that the settings name, of each position's next item.

    Returns:
        Shape (rows, positions), of any value where there is no target.
    """
    if settings.next_item_loss == "gbce":
        calibration = settings.gbce_calibration
        return gbce_losses(model, encoding, batch, negatives, calibration)
    return sampled_softmax_losses(model, encoding, batch, negatives)


def sampled_softmax_losses(
    model: CustomerModel, encoding: Encoding, batch: Batch, negatives: Negatives
) -> tf.Tensor:
    """Cross-entropy of each position's next item, over a sample that stands for all items.

    The sum over the catalogue in the softmax is estimated by what is in for certain (the
    target, and the customer's own items, which the repeat term lifts and random draws would
    hardly ever meet) plus draws divided by how often they are expected, the logQ correction
    (Bengio and Senecal 2003; Yi et al. 2019). What is in for certain is not corrected
    (Khrylchenko et al. 2025, "Correcting the LogQ Correction"); a draw that is in already is left
    out. Where nobody is recommended what they have seen, seen items are left out altogether.

    Returns:
        Shape (rows, positions), of any value where there is no target.
    """
    items = batch["item_indices"]
    targets, places, wanted, fresh = _asked(model, encoding, batch, negatives)
    drawn = _scores_of_draws(model, encoding, negatives) - negatives.log_expected
    parts = [wanted[:, :, None], tf.where(fresh, drawn, NEVER)]
    if model.shape.repeats:
        other = newest_mentions(items, places) & (items[:, None] != targets[:, :, None])
        parts.append(tf.where(other, _scores_of_own(model, encoding, items), NEVER))
    return tf.reduce_logsumexp(tf.concat(parts, axis=2), axis=2) - wanted


def gbce_losses(
    model: CustomerModel,
    encoding: Encoding,
    batch: Batch,
    negatives: Negatives,
    calibration: float,
) -> tf.Tensor:
    """Generalised binary cross-entropy over the draws (Petrov and Macdonald 2023, gSASRec).

    The wanted item's probability is raised to a power (its section 4.2) that takes back the
    overconfidence of seeing few of all items that are not wanted.

    Returns:
        Shape (rows, positions), of any value where there is no target.
    """
    _, _, wanted, fresh = _asked(model, encoding, batch, negatives)
    drawn = tf.nn.softplus(_scores_of_draws(model, encoding, negatives))
    count = negatives.items.shape[0]
    sampled = min(count / (model.shape.vocabulary_size - FIRST_KNOWN - 1), 1.0)
    power = sampled * (calibration * (1 - 1 / sampled) + 1 / sampled)
    against = tf.reduce_sum(tf.where(fresh, drawn, 0.0), axis=2)
    return (power * tf.nn.softplus(-wanted) + against) / (count + 1)


class _Asked(NamedTuple):
    """What every next-item loss begins with.

    Args:
        targets: The wanted items, shape (rows, positions).
        places: Places of the positions in the sequence, shape (positions,).
        wanted: Scores of the targets, shape (rows, positions).
        fresh: Whether a draw is neither wanted nor an own item, or without repeats a seen one;
            (rows, positions, negatives).
    """

    targets: tf.Tensor
    places: tf.Tensor
    wanted: tf.Tensor
    fresh: tf.Tensor


def _asked(model: CustomerModel, encoding: Encoding, batch: Batch, negatives: Negatives) -> _Asked:
    items, positions = batch["item_indices"], tf.shape(encoding.queries)[1]
    targets, _ = next_item_targets(batch, positions)
    places = last_places(items, positions)
    wanted = _scores_of_targets(model, encoding, items, targets)
    had = items if model.shape.repeats else seen_of(model.shape, batch)
    fresh = ~_had_before(had, negatives.items, places)
    return _Asked(targets, places, wanted, fresh & (negatives.items != targets[:, :, None]))


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
    """Of each draw at each position, shape (rows, positions, negatives)."""
    scores = tf.einsum("bpd,nd->bpn", encoding.queries, model.items(negatives.items))
    categories = model.items.categories(negatives.items)
    # Gathered as whole rows: along the last axis TensorFlow copies number by number.
    by_category = tf.transpose(encoding.category_gains, (2, 0, 1))
    scores += tf.transpose(tf.gather(by_category, categories), (1, 2, 0))
    return scores + model.items.biases(negatives.items)


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
