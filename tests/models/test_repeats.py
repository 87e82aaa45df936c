import numpy as np
import tensorflow as tf

from insight.models.arrays import NEVER
from insight.models.item_table import Catalogue
from insight.models.ranking import Wishes, score_all_items, without
from insight.models.repeats import (
    gains_of_all,
    gains_of_own,
    gains_of_wanted,
    newest_mentions,
)

ITEMS = tf.constant([[0, 5, 1, 7, 5]], tf.int64)
WEIGHTS = tf.constant([[[0.0, 1.0, 0.0, 2.0, 4.0]]])


def test_each_known_item_counts_once_at_its_newest_mention():
    marked = newest_mentions(ITEMS, tf.constant([1, 3, 4])).numpy()[0]
    expected = [
        [False, True, False, False, False],
        [False, True, False, True, False],
        [False, False, False, True, True],
    ]
    np.testing.assert_array_equal(marked, expected)


def test_an_item_gains_the_log_of_one_plus_its_mentions():
    wanted = tf.constant([[5]], tf.int64)
    np.testing.assert_allclose(gains_of_wanted(WEIGHTS, ITEMS, wanted), [[np.log(1 + 1 + 4)]])
    never_had = tf.constant([[9]], tf.int64)
    np.testing.assert_allclose(gains_of_wanted(WEIGHTS, ITEMS, never_had), [[0.0]])


def test_a_category_gains_by_all_mentions_of_its_items():
    # Categories 3, 2 and 3 of the events with weight 1, 2 and 4.
    categories = tf.constant([[0, 3, 1, 2, 3]], tf.int64)
    gained = gains_of_all(WEIGHTS, categories, 5).numpy()[0, 0]
    np.testing.assert_allclose(gained, np.log([1, 1, 3, 6, 1]), rtol=1e-6)


def test_all_gains_and_their_gradients_are_those_of_one_hot_mentions():
    random = np.random.default_rng(5)
    weights = tf.constant(random.exponential(size=(3, 2, 6)), tf.float32)
    # Row 2 mentions one thing six times; -1 and 7 are outside of the seven things.
    things = tf.constant([[0, 1, 6, 3, 3, 0], [-1, 7, 2, 2, 5, 2], [4] * 6], tf.int64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(weights)
        summed = gains_of_all(weights, things, 7)
        expected = tf.math.log1p(tf.matmul(weights, tf.one_hot(things, 7)))
    np.testing.assert_allclose(summed, expected, rtol=1e-6)
    gradient = tape.gradient(summed, weights)
    # Ranks average dense gradients alone.
    assert isinstance(gradient, tf.Tensor)
    np.testing.assert_allclose(gradient, tape.gradient(expected, weights), rtol=1e-6)


def test_all_gains_need_no_more_memory_than_their_result():
    rows, length, count = 2, 64, 5_000
    weights, things = tf.TensorSpec((rows, 1, length)), tf.TensorSpec((rows, length), tf.int64)
    function = tf.function(lambda *given: gains_of_all(*given, count))
    graph = function.get_concrete_function(weights, things).graph
    outputs = [tensor for node in graph.get_operations() for tensor in node.outputs]
    sizes = [tensor.shape.num_elements() for tensor in outputs]
    assert None not in sizes
    assert max(sizes) == rows * count


def test_every_mention_of_an_item_has_the_items_score():
    gained = gains_of_own(WEIGHTS, ITEMS).numpy()[0, 0]
    np.testing.assert_allclose(gained[[1, 4]], np.log(6.0), rtol=1e-6)
    np.testing.assert_allclose(gained[3], np.log(3.0), rtol=1e-6)


def test_the_whole_catalogue_is_scored_with_repeats_and_without_reserved_indices():
    embeddings = tf.constant(np.arange(18.0).reshape(9, 2), tf.float32)
    biases = tf.constant([NEVER] * 2 + [0.0] * 6 + [100.0])
    categories = tf.constant([0, 1, 2, 2, 2, 2, 2, 3, 3])
    gains = tf.constant([[0.0, 0.0, 0.5, 0.25]])
    wishes = Wishes(tf.constant([[1.0, 10.0]]), WEIGHTS[:, 0], gains, ITEMS)
    scores = score_all_items(
        wishes, Catalogue(embeddings, biases, categories), repeats=True
    ).numpy()[0]
    # Item i: 2i + 10 (2i + 1) + bias + category + repeats.
    expected = [22 * i + 10 + (0.5 if i < 7 else 0.25) + 100 * (i == 8) for i in range(9)]
    expected[5] += np.log(6.0)
    expected[7] += np.log(3.0)
    np.testing.assert_allclose(scores[2:], expected[2:], rtol=1e-6)
    assert (scores[:2] == NEVER).all()


def test_excluded_items_are_never_recommended():
    scores = without(tf.ones((2, 5)), tf.constant([[3, 4], [0, 2]], tf.int64)).numpy()
    np.testing.assert_array_equal(scores == NEVER, [[0, 0, 0, 1, 1], [1, 0, 1, 0, 0]])
