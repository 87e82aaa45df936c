import numpy as np
import pytest
import tensorflow as tf

from insight.encoding.sequences import EVENT_TYPES
from insight.models.customer_model import CustomerModel, Encoding
from insight.models.ranking import Wishes, score_all_items
from insight.training.losses import (
    Negatives,
    gbce_losses,
    next_item_targets,
    sampled_softmax_losses,
)
from insight.training.negatives import NegativeSampler
from tests.training.examples import (
    ENCODER_LENGTH,
    ITEMS,
    LENGTH,
    example_columns,
    small_categories,
    small_shape,
)


def _batch(rows: int = 6) -> dict[str, tf.Tensor]:
    columns = example_columns(rows, seed=11)
    columns.pop("customer_id")
    return {name: tf.constant(values) for name, values in columns.items()}


def _random_model() -> CustomerModel:
    model = CustomerModel(small_shape(), small_categories())
    random = np.random.default_rng(0)
    for variable in model.variables:
        variable.assign(random.normal(size=variable.shape))
    return model


def test_targets_are_the_items_after_and_never_padding_or_unknown():
    batch = {
        "item_indices": tf.constant([[0, 4, 1, 6], [0, 0, 0, 0], [3, 3, 5, 2]], tf.int64),
        "next_item": tf.constant([7, 9, 1], tf.int64),
        "has_next_item": tf.constant([1.0, 1.0, 0.0]),
        "has_campaign": tf.zeros(3),
    }
    targets, valid = next_item_targets(batch, 4)
    np.testing.assert_array_equal(targets, [[4, 1, 6, 7], [0, 0, 0, 9], [3, 5, 2, 0]])
    expected = [[0, 0, 1, 1], [0, 0, 0, 1], [1, 1, 1, 0]]
    np.testing.assert_array_equal(valid.numpy().astype(int), expected)


def test_rows_about_a_campaign_ask_for_no_item():
    batch = _batch(4)
    _, valid = next_item_targets(batch, 4)
    assert valid.numpy()[batch["has_campaign"].numpy() == 0].any(axis=1).all()
    assert not valid.numpy()[batch["has_campaign"].numpy() == 1].any()


@pytest.mark.parametrize("copies", [1, 3])
def test_drawing_every_item_equally_often_gives_the_full_softmax(copies):
    # Each item drawn 3 times and expected 3 times: the correction divides by 3, so the sum
    # over the sample is the sum over the catalogue, whatever the customers had before.
    model, batch = _random_model(), _batch()
    encoding = model(batch, positions=ENCODER_LENGTH)
    drawn = tf.constant(np.repeat(np.arange(2, ITEMS), copies), tf.int64)
    negatives = Negatives(drawn, tf.fill((len(drawn),), float(np.log(copies))))
    losses = sampled_softmax_losses(model, encoding, batch, negatives).numpy()
    targets, valid = next_item_targets(batch, ENCODER_LENGTH)
    for position in range(ENCODER_LENGTH):
        place = position + LENGTH - ENCODER_LENGTH
        past = tf.where(tf.range(LENGTH) <= place, batch["item_indices"], 0)
        parts = (encoding.queries, encoding.repeats, encoding.category_gains)
        wishes = Wishes(*(part[:, position] for part in parts), past)
        scores = score_all_items(wishes, model.items.whole(), repeats=True)
        full = tf.keras.losses.sparse_categorical_crossentropy(
            targets[:, position], scores, from_logits=True
        )
        rows = valid[:, position].numpy()
        np.testing.assert_allclose(losses[rows, position], full.numpy()[rows], atol=1e-4)


def test_the_correction_by_hand():
    # One customer who had nothing; width 1; scores are the biases: 2 for the target (item 2),
    # 1 for item 3, 0 for item 4. Item 3 is drawn twice and expected 4 times, item 4 is drawn
    # once and expected half a time, and the target, drawn by accident, is left out:
    # e^2 + 2 e^1 / 4 + e^0 / 0.5.
    model = _random_model()
    biases = np.zeros(ITEMS)
    biases[2], biases[3] = 2.0, 1.0
    model.items._biases.assign(biases)
    model.items._category_biases.assign(np.zeros(4))
    drawn = Negatives(
        tf.constant([3, 3, 4, 2], tf.int64), tf.math.log(tf.constant([4.0, 4.0, 0.5, 9.0]))
    )
    loss = sampled_softmax_losses(model, _saying_nothing(), _of_nobody(), drawn).numpy()
    expected = np.log(np.exp(2) + 2 * np.exp(1) / 4 + 1 / 0.5) - 2
    np.testing.assert_allclose(loss, [[expected]], rtol=1e-5)


def test_draws_come_as_often_as_expected_and_never_reserved():
    counts = np.array([50, 50, 15, 0, 255])
    sampler = NegativeSampler(counts, draws=40_000, seed=1)
    drawn = sampler.draw(tf.constant(0))
    found = np.bincount(drawn.items.numpy(), minlength=5)
    # Counts plus one, to the power 3/4: 8, 1 and 64 of 73.
    np.testing.assert_array_equal(found[:2], 0)
    np.testing.assert_allclose(found[2:] / 40_000, np.array([8, 1, 64]) / 73, atol=0.01)
    of_item_4 = drawn.log_expected.numpy()[drawn.items.numpy() == 4][0]
    np.testing.assert_allclose(of_item_4, np.log(40_000 * 64 / 73), rtol=1e-5)


def test_a_step_repeats_its_draws_and_another_step_does_not():
    sampler = NegativeSampler(np.full(50, 10), draws=20, seed=1)
    first, again, other = (sampler.draw(tf.constant(s)).items.numpy() for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(("calibration", "power"), [(0.0, 1.0), (1.0, 4 / 17)])
def test_gbce_by_hand(calibration, power):
    # 18 items, so 17 besides the wanted one; scores are the biases: 2 for the target, 1 for item
    # 3, 0 for the others. Drawn: items 3, 4, 5, and the target by accident, which is left out.
    # At full calibration the power of the target's probability is the share that is drawn.
    model = _random_model()
    biases = np.zeros(ITEMS)
    biases[2], biases[3] = 2.0, 1.0
    model.items._biases.assign(biases)
    model.items._category_biases.assign(np.zeros(4))
    batch = _of_nobody()
    drawn = Negatives(tf.constant([3, 4, 5, 2], tf.int64), tf.zeros(4))
    loss = gbce_losses(model, _saying_nothing(), batch, drawn, calibration).numpy()
    softplus = np.logaddexp(0, [-2.0, 1.0, 0.0, 0.0])
    np.testing.assert_allclose(loss, [[(power * softplus[0] + softplus[1:].sum()) / 5]], rtol=1e-5)


def test_own_items_stand_against_the_wanted_one_only_where_they_may_come_again():
    # One customer had item 3; item 2 comes; nothing is drawn but item 4; all scores are 0.
    batch = {**_of_nobody(), "item_indices": tf.constant([[0] * (LENGTH - 1) + [3]], tf.int64)}
    drawn = Negatives(tf.constant([4, 3], tf.int64), tf.zeros(2))
    for repeats, rivals in ((True, 2), (False, 1)):
        model = CustomerModel(small_shape(repeats=repeats), small_categories())
        model.items._own.assign(tf.zeros_like(model.items._own))
        loss = sampled_softmax_losses(model, _saying_nothing(), batch, drawn).numpy()
        np.testing.assert_allclose(loss, [[np.log(1 + rivals)]], rtol=1e-5)


def test_without_repeats_only_seen_items_are_no_rivals_of_the_wanted_one():
    # As above, but item 3 was viewed and item 4 was bought; both are drawn, and item 5 too.
    view, purchase = (2 + EVENT_TYPES.index(kind) for kind in ("view", "purchase"))
    past = [0] * (LENGTH - 2)
    batch = {
        **_of_nobody(),
        "item_indices": tf.constant([[*past, 3, 4]], tf.int64),
        "type_indices": tf.constant([[*past, view, purchase]], tf.int64),
    }
    drawn = Negatives(tf.constant([3, 4, 5], tf.int64), tf.zeros(3))
    for seen_by, rivals in ((("purchase",), 2), (("view", "purchase"), 1), (EVENT_TYPES, 1)):
        shape = small_shape(repeats=False, seen_by=seen_by)
        model = CustomerModel(shape, small_categories())
        model.items._own.assign(tf.zeros_like(model.items._own))
        loss = sampled_softmax_losses(model, _saying_nothing(), batch, drawn).numpy()
        np.testing.assert_allclose(loss, [[np.log(1 + rivals)]], rtol=1e-5)


def _of_nobody() -> dict[str, tf.Tensor]:
    """A customer without events who then wanted item 2."""
    return {
        "item_indices": tf.zeros((1, LENGTH), tf.int64),
        "next_item": tf.constant([2], tf.int64),
        "has_next_item": tf.constant([1.0]),
        "has_campaign": tf.zeros(1),
    }


def _saying_nothing() -> Encoding:
    nothing = tf.zeros((1, 1, 8)), tf.zeros((1, 1, LENGTH)), tf.zeros((1, 1, 4))
    return Encoding(*nothing, tf.zeros((1, 2)), tf.zeros((1, 2)))
